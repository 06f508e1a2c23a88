"""The inbox: pages of cases by keyset, and how many are due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.verification.casework.rules.cases import Case, State
from services.verification.casework.store.cases import COLUMNS, VISIBLE, as_case, own
from shared.access import Operator
from shared.db import Connection

Due = Literal["today", "late"]

_FILTERS = f"""
    FROM cases WHERE {VISIBLE} AND ($3::text IS NULL OR state = $3)
    AND ($4::text IS NULL OR unit_code = $4)
"""
# Urgent first, then what is due first, so that the overdue stand before the rest.
_DUE = f"""
    SELECT {COLUMNS} {_FILTERS}
    AND next_due_at IS NOT NULL AND ($5::timestamptz IS NULL OR next_due_at <= $5)
    AND ($6::uuid IS NULL OR (NOT urgent, next_due_at, case_id) > (NOT $7::bool, $8, $6))
    ORDER BY (NOT urgent), next_due_at, case_id LIMIT $9
"""
_NEWEST = f"""
    SELECT {COLUMNS} {_FILTERS} AND ($5::uuid IS NULL OR case_id < $5)
    ORDER BY case_id DESC LIMIT $6
"""
_COUNTS = f"""
    SELECT count(*) FILTER (WHERE next_due_at <= $3) AS today,
           count(*) FILTER (WHERE next_due_at < $4) AS late,
           count(*) FILTER (WHERE review_due_at IS NOT NULL) AS review
    FROM cases WHERE {VISIBLE} AND next_due_at IS NOT NULL
"""  # noqa: S608


@dataclass(frozen=True)
class Cursor:
    """The last case of the page before."""

    case_id: UUID
    urgent: bool
    next_due_at: datetime | None


@dataclass(frozen=True)
class Counts:
    """Cases with something due by the end of today, overdue, waiting for a second look."""

    today: int
    late: int
    review: int


async def list_due(
    conn: Connection,
    operator: Operator,
    state: State | None,
    unit_code: str | None,
    until: datetime | None,
    after: Cursor | None,
    limit: int,
) -> list[Case]:
    """Cases with an unmet duty, the most pressing first; `until` keeps those due by then."""
    place = (after.case_id, after.urgent, after.next_due_at) if after else (None, False, None)
    rows = await conn.fetch(_DUE, *own(operator), state, unit_code, until, *place, limit)
    return [as_case(row) for row in rows]


async def list_newest(
    conn: Connection,
    operator: Operator,
    state: State | None,
    unit_code: str | None,
    after: Cursor | None,
    limit: int,
) -> list[Case]:
    """Cases with or without a duty, the newest first."""
    rows = await conn.fetch(
        _NEWEST, *own(operator), state, unit_code,
        after.case_id if after else None, limit,
    )  # fmt: skip
    return [as_case(row) for row in rows]


async def count_due(
    conn: Connection, operator: Operator, end_of_today: datetime, now: datetime
) -> Counts:
    """The figures above the inbox."""
    row = await conn.fetchrow(_COUNTS, *own(operator), end_of_today, now)
    return Counts(**dict(row)) if row else Counts(0, 0, 0)


async def count_overdue(conn: Connection) -> int:
    """All cases with a duty that is late, for the gauge."""
    found: int = await conn.fetchval("SELECT count(*) FROM cases WHERE next_due_at < mashang_now()")
    return found


async def figures(conn: Connection) -> dict[str, int]:
    """Verification's part of the statistics; all but cases, in_review and open count complaints."""
    row = await conn.fetchrow(
        """SELECT count(*) AS cases,
               count(*) FILTER (WHERE kind = 'complaint') AS complaints,
               count(*) FILTER (WHERE kind = 'complaint' AND callback_state = 'reached')
                   AS called_back,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified') AS verified,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND verdict IN ('substantiated', 'partly')) AS substantiated,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND verdict = 'partly') AS partly,
               count(*) FILTER (WHERE state = 'in_review') AS in_review,
               count(*) FILTER (WHERE state = 'open') AS open,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND rating > 0) AS rated,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND solved) AS solved,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND NOT solved) AS not_solved,
               count(*) FILTER (WHERE kind = 'complaint' AND state = 'verified'
                   AND satisfied) AS satisfied,
               count(*) FILTER (WHERE kind = 'complaint' AND withdrawn_at IS NOT NULL)
                   AS withdrawn
           FROM cases WHERE kind <> 'pressure'"""
    )
    return dict(row) if row else {}
