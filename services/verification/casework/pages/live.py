"""What happens while a page is open: how many are new and due, and who else is there.

A page tells the newest case that it has shown, so that nothing is lost while a stream is broken.
Rows never move by themselves.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.verification.bells import Bells
from services.verification.casework import listing
from services.verification.casework.api import READERS
from services.verification.casework.rules import resting
from services.verification.casework.store import lists, presences
from shared.access import Operator
from shared.db import Database
from shared.errors import Unavailable
from shared.events import Language
from shared.values import clock
from shared.web.counted import counted
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import SILENT_SECONDS, Stream

# Not all desks look in one moment.
_SPREAD = 0.05
# Without a bell: cases become late by themselves, and whoever is there says so again.
_LOOKS_EVERY = 60.0
FRESH = timedelta(seconds=2 * _LOOKS_EVERY)


class News(BaseModel):
    """What a page is told: cases that came since, its figures, who else has which case open."""

    new: int
    counts: dict[str, str]
    here: dict[UUID, list[str]]


class Page(BaseModel):
    """Which page listens: the newest case that a list has shown, or the case that is open."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    since: UUID | None = None
    case: UUID | None = None


@dataclass(frozen=True)
class LivePages:
    """`/desk/live`."""

    database: Database
    bells: Bells

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [
            Endpoint("GET", "/desk/live", self.live, "What happens meanwhile", READERS, query=Page)
        ]

    async def live(self, call: Call[None, Page]) -> Stream:
        """News as they come."""
        return Stream(self._news(call.operator, call.language, call.query), "/desk")

    async def _news(
        self, operator: Operator, language: Language, page: Page
    ) -> AsyncGenerator[News | None]:
        try:
            with self.bells.below(operator.scope) as bell:
                before: News | None = None
                said = time.monotonic()
                while True:
                    bell.clear()
                    began = time.monotonic()
                    news, looked = await self._look(operator, language, page), time.monotonic()
                    rested = looked + resting.rests(looked - began, self.bells.listeners)
                    # Of a bell for others nothing is heard, not even that it rang.
                    if news != before or looked - said >= SILENT_SECONDS:
                        yield news if news != before else None
                        before, said = news, time.monotonic()
                    while time.monotonic() - looked < _LOOKS_EVERY and not await _rung(
                        bell, rested
                    ):
                        yield None
                        said = time.monotonic()
        finally:
            if page.case:
                await self._leave(page.case, operator)

    async def _look(self, operator: Operator, language: Language, page: Page) -> News:
        now, opened = clock.now(), self.database.transaction if page.case else self.database.reading
        async with opened(as_=operator) as conn:
            if page.case:
                await presences.put(conn, page.case, operator.username, now)
            here = await presences.list_others(conn, operator.username, now, FRESH)
            if page.since is None:
                return News(new=0, counts={}, here=here)
            counts = await lists.count_due(conn, operator, listing.end_of_today(), now)
            newer = counts.newest is not None and counts.newest > page.since
            new = await lists.count_newer(conn, operator, page.since) if newer else 0
        return News(new=new, counts=figures(counts, language), here=here)

    async def _leave(self, case_id: UUID, operator: Operator) -> None:
        # What could not be said now is forgotten after a while.
        with suppress(Unavailable, OSError):
            async with self.database.transaction() as conn:
                await presences.remove(conn, case_id, operator.username)


async def _rung(bell: asyncio.Event, rested: float) -> bool:
    """Whether it rang, before it had been silent for too long; not told before `rested`."""
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            await bell.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(
        max(0.0, rested - time.monotonic()) + _SPREAD * secrets.randbelow(100) / 100
    )
    return True


def figures(counts: lists.Counts, language: Language) -> Mapping[str, str]:
    """As they stand on the page."""
    numbers = asdict(counts)
    del numbers["newest"]
    return {name: counted(number, language) for name, number in numbers.items()}
