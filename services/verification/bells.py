"""Bells for whoever listens: one connection of each instance hears for all of them.

    a commit anywhere ──NOTIFY──▶ each instance ──▶ the bells below whose place it happened

What happened a bell does not say. Whoever hears it looks, in the name of who sits there.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from shared import faults
from shared.db import Connection, Database
from shared.observe import log
from shared.tasks import Tasks
from shared.values.backoff import backoff

CHANNEL = "desks"
# A connection that ends says so, and another one is opened at once; one that nobody answers any
# more is asked.
_ASKED_EVERY, _ANSWERED_WITHIN = 15.0, 5.0
_AGAIN, _AT_LAST = timedelta(milliseconds=100), timedelta(seconds=10)


class Bells:
    """The bells of one instance; as a resource of the service it hears while that runs."""

    def __init__(self, database: Database, tasks: Tasks) -> None:
        self._database, self._tasks = database, tasks
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._hearing = self._tasks.start("bells", self._hear())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._hearing:
            self._tasks.cancel(self._hearing)
            with suppress(asyncio.CancelledError):
                await self._hearing

    @property
    def listeners(self) -> int:
        """How many bells there are on this instance."""
        return sum(map(len, self._bells.values()))

    @contextmanager
    def below(self, scope: str) -> Iterator[asyncio.Event]:
        """A bell that rings when something happens at or below this place."""
        bell = asyncio.Event()
        self._bells.setdefault(scope, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[scope].discard(bell)
            if not self._bells[scope]:
                del self._bells[scope]

    async def _hear(self) -> None:
        failures = 0
        while True:
            try:
                async with self._database.acquire() as conn:
                    failures = 0
                    await self._listen(conn)
            except faults.PASSING as error:
                log.get().warning("bells silent", error=faults.name_of(error))
                await asyncio.sleep(backoff(failures, _AGAIN, _AT_LAST).total_seconds())
                failures += 1

    async def _listen(self, conn: Connection) -> None:
        ended = asyncio.Event()

        def ends(_: object) -> None:
            ended.set()

        conn.add_termination_listener(ends)
        await conn.add_listener(CHANNEL, self._ring)
        try:
            # What happened meanwhile nobody has heard.
            for place in self._bells:
                self._ring_at(place)
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _ASKED_EVERY)
                # One that has ended says here how.
                await conn.execute("SELECT 1", timeout=_ANSWERED_WITHIN)
        finally:
            if not conn.is_closed():
                conn.remove_termination_listener(ends)
                with suppress(*faults.PASSING):
                    await conn.remove_listener(CHANNEL, self._ring)

    def _ring(self, _conn: Any, _pid: int, _channel: str, path: object) -> None:
        for place in str(path).split(" "):
            self._ring_at(place)

    def _ring_at(self, place: str) -> None:
        for bell in self._bells.get(place, ()):
            bell.set()
