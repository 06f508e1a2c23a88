"""What waits for whoever asks, and what a shift hands to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.verification.casework import listing, queries, rows
from services.verification.casework.acts import requests
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.requests import Asked
from services.verification.casework.api import READERS, WORKERS
from services.verification.casework.rows import Row
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.store import lists, queues
from services.verification.casework.store.lists import Cursor, Wanted
from services.verification.directory.store import units
from shared.access import Operator
from shared.db import Connection, Database
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

L = TypeVar("L")
# Nobody works through more before looking again; a sheet of paper holds no more either.
_MOST = 100


@dataclass(frozen=True)
class Waiting:
    """A request that is somebody's to decide, and its case."""

    asked: Asked
    case: Case


@dataclass(frozen=True)
class MinePages:
    """`/desk/mine` and `/desk/shift`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """Two pages to look at."""
        return [
            Endpoint("GET", "/desk/mine", self.mine, "What waits for whoever asks", WORKERS,
                     query=queries.MineQuery),
            Endpoint("GET", "/desk/shift", self.shift, "What a shift hands over", READERS),
        ]  # fmt: skip

    async def mine(self, call: Call[None, queries.MineQuery]) -> Page:
        """The cases they lead or help with, the verdicts and the requests they decide."""
        operator, query = call.operator, call.query
        async with self.database.reading(as_=operator) as conn:
            led = await queues.list_led(conn, operator, listing.decode(query.led), _MOST + 1)
            reviews = await queues.list_reviews(
                conn, operator, listing.decode(query.reviews), _MOST + 1
            )
            asked = await queues.list_asked(
                conn, operator, listing.decode(query.requests), _MOST + 1
            )
            values = {
                "led": await self._rows(conn, operator, led),
                "reviews": await self._rows(conn, operator, reviews),
                "waiting": await self._waiting(conn, operator, asked[:_MOST]),
                "further": {
                    "led": _further(led, listing.encode),
                    "reviews": _further(reviews, listing.encode),
                    "requests": _further(asked, _place_of),
                },
            }
        return Page("mine.html", values | {"hour": rows.hour})

    async def _rows(self, conn: Connection, operator: Operator, found: list[Case]) -> list[Row]:
        return await rows.load(conn, self.desk, operator, found[:_MOST], clock.now())

    async def shift(self, call: Call[None, None]) -> Page:
        """What is overdue, and what is due by the end of the day, to be printed and signed."""
        now, tonight = clock.now(), listing.end_of_today()
        async with self.database.reading(as_=call.operator) as conn:
            due = await lists.list_due(conn, call.operator, Wanted(until=tonight), None, _MOST + 1)
            shown = await rows.load(conn, self.desk, call.operator, due[:_MOST], now)
            place = await units.list_names(conn, [call.operator.scope])
        values = {
            "late": [row for row in shown if _is_late(row.case, now)],
            "tonight": [row for row in shown if not _is_late(row.case, now)],
            "more": len(due) > _MOST,
            "most": _MOST,
            "place": place.get(call.operator.scope, ""),
            "now": now,
            "hour": rows.hour,
        }
        return Page("shift.html", values)

    async def _waiting(
        self, conn: Connection, operator: Operator, found: list[Request]
    ) -> list[Waiting]:
        cases = await queues.list_cases(conn, operator, [one.case_id for one in found])
        known = [(one, cases[one.case_id]) for one in found if one.case_id in cases]
        shown = await requests.opened(conn, self.desk, operator, known)
        return [Waiting(asked, case) for asked, (_, case) in zip(shown, known, strict=True)]


def _further(found: Sequence[L], place: Callable[[L], str]) -> str:
    """Where a list goes on after its first page, if it does."""
    return place(found[_MOST - 1]) if len(found) > _MOST else ""


def _place_of(asked: Request) -> str:
    return listing.encode(Cursor(asked.request_id, urgent=False, next_due_at=asked.due_at))


def _is_late(case: Case, now: datetime) -> bool:
    return case.next_due_at is not None and case.next_due_at < now
