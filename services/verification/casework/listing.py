"""Pages of the inbox and their cursors, for the API and the desk alike; and what is looked for."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.verification.casework import queries
from services.verification.casework.acts import search
from services.verification.casework.acts.desk import Desk, find_said
from services.verification.casework.acts.search import Found
from services.verification.casework.queries import InboxQuery, ListQuery
from services.verification.casework.rules.cases import Case, State
from services.verification.casework.store import cases, lists
from services.verification.casework.store.lists import Cursor, Wanted
from shared.access import Operator
from shared.db import Connection
from shared.errors import Invalid, Wrong
from shared.values import clock


@dataclass(frozen=True)
class Page:
    """Some cases, and the cursor of the next page if there is one."""

    cases: list[Case]
    cursor: str | None


async def list_page(
    conn: Connection, operator: Operator, query: ListQuery, units: Sequence[str] | None = None
) -> Page:
    """One page, perhaps of some units only. Invalid if the cursor was not made here."""
    if query.submission_id:
        found = await cases.get_case_of(conn, operator, query.submission_id)
        return Page([found] if found else [], None)
    if query.number:
        found = await find_said(conn, operator, query.number)
        return Page([found] if found else [], None)
    units = [query.unit] if query.unit else units
    rows = await _rows(conn, operator, query, units, cursor_of(query))
    more = len(rows) > query.limit
    page = rows[: query.limit]
    return Page(page, encode(page[-1]) if more else None)


async def find(conn: Connection, desk: Desk, operator: Operator, query: InboxQuery) -> Found | None:
    """What somebody looks for, if they do."""
    if query.q is None or not query.q.strip():
        return None
    return await search.find(conn, desk, operator, query.q, words=query.words)


async def list_found(
    conn: Connection, operator: Operator, query: ListQuery, found: Found | None
) -> Page:
    """One page of what was found, or of all where nothing was looked for."""
    if found and not found.units:
        return Page(list(found.cases), None)
    return await list_page(conn, operator, query, found.units if found else None)


async def _rows(
    conn: Connection,
    operator: Operator,
    query: ListQuery,
    units: Sequence[str] | None,
    after: Cursor | None,
) -> list[Case]:
    newest, limit = _newest_first(query), query.limit + 1
    state: State | None = None if query.state == "work" or query.state == "all" else query.state
    wanted = Wanted(
        state=state,
        until=None if newest else _until(query),
        units=units,
        category=query.category,
        step=query.step,
        lead=_lead(operator, query.who),
        urgent=query.urgent,
    )
    listed = lists.list_newest if newest else lists.list_due
    return await listed(conn, operator, wanted, after, limit)


def _lead(operator: Operator, who: str | None) -> str | None:
    return {queries.ME: operator.username, queries.NOBODY: ""}.get(who, who) if who else None


def _newest_first(query: ListQuery) -> bool:
    return query.state in ("all", "verified") and query.due is None


def cursor_of(query: ListQuery) -> Cursor | None:
    """The place after which a query goes on. Invalid if it was not made here, for such a list."""
    after = decode(query.cursor)
    if after and after.next_due_at is None and not _newest_first(query):
        raise Invalid(Wrong("cursor", "wrong.cursor"))
    return after


def _until(query: ListQuery) -> datetime | None:
    if query.due is None:
        return None
    return clock.now() if query.due == "late" else end_of_today()


def end_of_today() -> datetime:
    """24:00 of the present day at the bureau."""
    return clock.end_of_day(clock.service_day(clock.now()))


def encode(last: Case | Cursor) -> str:
    """A cursor that stands after this case."""
    due = last.next_due_at.isoformat() if last.next_due_at else None
    packed = json.dumps([str(last.case_id), last.urgent, due], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode(text: str | None) -> Cursor | None:
    """The cursor in a query."""
    if text is None:
        return None
    try:
        case_id, urgent, due = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at = datetime.fromisoformat(due) if due else None
        if not isinstance(urgent, bool) or (at is not None and at.tzinfo is None):
            raise ValueError
        return Cursor(UUID(case_id), urgent, at.astimezone(UTC) if at else None)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        raise Invalid(Wrong("cursor", "wrong.cursor")) from None
