"""What waits for whoever asks, and what a shift hands to the next."""

from dataclasses import dataclass
from datetime import datetime

from services.verification.casework import listing, rows
from services.verification.casework.acts import requests
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.requests import Asked
from services.verification.casework.api import READERS, WORKERS
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import lists, queues
from services.verification.casework.store.lists import Wanted
from services.verification.directory.store import units
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

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
            Endpoint("GET", "/desk/mine", self.mine, "What waits for whoever asks", WORKERS),
            Endpoint("GET", "/desk/shift", self.shift, "What a shift hands over", READERS),
        ]

    async def mine(self, call: Call[None, None]) -> Page:
        """The cases they lead or help with, the verdicts and the requests they decide."""
        now = clock.now()
        async with self.database.transaction(as_=call.operator) as conn:
            led = await queues.list_led(conn, call.operator, _MOST)
            reviews = await _reviews(conn, call.operator)
            waiting = await self._waiting(conn, call.operator)
            values = {
                "led": await rows.load(conn, self.desk, call.operator, led, now),
                "reviews": await rows.load(conn, self.desk, call.operator, reviews, now),
                "waiting": waiting,
            }
        return Page("mine.html", values | {"hour": rows.hour})

    async def shift(self, call: Call[None, None]) -> Page:
        """What is overdue, and what is due by the end of the day, to be printed and signed."""
        now, tonight = clock.now(), listing.end_of_today()
        async with self.database.transaction(as_=call.operator) as conn:
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

    async def _waiting(self, conn: Connection, operator: Operator) -> list[Waiting]:
        asked = await queues.list_asked(conn, operator, _MOST)
        found = [one for one in asked if one.is_for(operator)]
        cases = await queues.list_cases(conn, operator, [one.case_id for one in found])
        known = [(one, cases[one.case_id]) for one in found if one.case_id in cases]
        shown = await requests.opened(conn, self.desk, known)
        return [Waiting(asked, case) for asked, (_, case) in zip(shown, known, strict=True)]


async def _reviews(conn: Connection, operator: Operator) -> list[Case]:
    due = await lists.list_due(conn, operator, Wanted(step="review"), None, _MOST)
    authors = await queues.list_authors(conn, [case.case_id for case in due])
    return [
        case
        for case in due
        if (author := authors.get(case.case_id))
        and access.may_review(operator, author.username, author.role)
    ]


def _is_late(case: Case, now: datetime) -> bool:
    return case.next_due_at is not None and case.next_due_at < now
