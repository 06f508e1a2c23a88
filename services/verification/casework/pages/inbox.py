"""The inbox: what is to be done, the most pressing first. No JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from pydantic import ValidationError

from services.verification.casework import bodies, listing
from services.verification.casework.api import READERS
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import holds, lists
from services.verification.directory.store import units
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Invalid
from shared.values import clock
from shared.web.endpoints import Call, Endpoint, Page

_SOON = timedelta(hours=3)
_PAGE = 25


@dataclass(frozen=True)
class InboxPages:
    """`/desk`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [Endpoint("GET", "/desk", self.inbox, "The inbox", READERS)]

    async def inbox(self, call: Call[None, None]) -> Page:
        """A page of cases, and how many are due."""
        query, now, today = _query(call.asking), clock.now(), listing.end_of_today()
        async with self.database.transaction(as_=call.operator) as conn:
            page = await listing.list_page(conn, call.operator, query)
            counts = await lists.count_due(conn, call.operator, today, now)
            names = await units.list_names(conn, [case.unit_code for case in page.cases])
            held = await _held(conn, call.operator)
        values = {
            "cases": page.cases,
            "counts": counts,
            "held": held,
            "names": names,
            "query": query,
            "next_page": _link(query, page.cursor) if page.cursor else None,
            "pressing": lambda case: pressing(case, now),
        }
        return Page("inbox.html", values)


async def _held(conn: Connection, operator: Operator) -> int | None:
    """What waits for a person; None for whom it does not wait."""
    if operator.role not in access.SUPERVISORS:
        return None
    return await holds.count_holds(conn, "held", None, None)


def _query(given: Mapping[str, str]) -> bodies.ListQuery:
    # A link with a filter or a cursor that we do not know shows the inbox, not an error.
    kept = {name: value for name, value in given.items() if value}
    try:
        query = bodies.ListQuery.model_validate(kept | {"limit": _PAGE})
        listing.cursor_of(query)
    except (ValidationError, Invalid):
        return bodies.ListQuery(limit=_PAGE)
    return query


def _link(query: bodies.ListQuery, cursor: str) -> str:
    kept = {"state": query.state, "due": query.due, "unit": query.unit, "cursor": cursor}
    return "/desk?" + urlencode({name: value for name, value in kept.items() if value})


def pressing(case: Case, now: datetime) -> Literal["late", "soon", ""]:
    """How pressing the next duty is."""
    if case.next_due_at is None:
        return ""
    if case.next_due_at < now:
        return "late"
    return "soon" if case.next_due_at < now + _SOON else ""
