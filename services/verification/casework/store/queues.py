"""What waits for one person: the cases they lead or help with, and what is theirs to decide."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.store.cases import (
    COLUMNS,
    KEPT_FROM,
    VISIBLE,
    as_case,
    own,
)
from services.verification.casework.store.lists import Cursor
from shared import access
from shared.access import Operator, Role
from shared.db import Connection

NEVER = datetime.fromtimestamp(0, UTC)
_PRESSING = "(CASE WHEN urgent THEN 0 ELSE 1 END), next_due_at, case_id"
# $5 to $7 are the last of the page before; before the first page there is nothing.
_LATER = f"({_PRESSING}) > ($5::int, $6::timestamptz, $7::uuid)"
_FIRST = (-1, NEVER, UUID(int=0))
# Whose they are first, then each by its id: `OFFSET` keeps the two apart, or all that somebody sees
# would be read to find the few that they lead.
_LED = f"""
    WITH found AS MATERIALIZED (
        SELECT led.* FROM (
            SELECT case_id FROM cases WHERE lead = $3 AND next_due_at IS NOT NULL
            UNION SELECT cases_helped_by($3)) AS own
        CROSS JOIN LATERAL (
            SELECT {COLUMNS} FROM cases WHERE case_id = own.case_id AND {_LATER} OFFSET 0) AS led)
    SELECT * FROM found WHERE {VISIBLE} ORDER BY {_PRESSING} LIMIT $4
"""  # noqa: S608  the names are this package's own
# Each unit gives its own first, by its index. $8 are the roles that whoever asks is above.
_REVIEWS = f"""
    SELECT {COLUMNS} FROM cases WHERE case_id IN (
        SELECT case_id FROM units u CROSS JOIN LATERAL (
            SELECT case_id, urgent, next_due_at FROM cases
            WHERE unit_code = u.unit_code AND NOT {KEPT_FROM} AND review_due_at IS NOT NULL
            AND {_LATER} AND EXISTS (
                SELECT FROM verdicts v WHERE v.case_id = cases.case_id
                AND v.revision = cases.revision AND v.username <> $3 AND v.role = ANY($8))
            ORDER BY {_PRESSING} LIMIT $4) AS found
        WHERE u.path @> ARRAY[$1::text] ORDER BY {_PRESSING} LIMIT $4)
    ORDER BY {_PRESSING}
"""  # noqa: S608
# Whoever asked, or found what is asked about, does not decide.
_THEIRS = """r.outcome IS NULL AND r.asked_by <> $3 AND r.judged_by IS DISTINCT FROM $3
    AND coalesce(r.judged_role, r.asked_role) = ANY($4)"""
_ASKED = f"""
    SELECT {", ".join(f"r.{f.name}" for f in fields(Request))}
    FROM case_requests r JOIN cases USING (case_id)
    WHERE {VISIBLE} AND {_THEIRS} AND (r.due_at > mashang_now() OR r.kind = 'appeal')
    AND (r.due_at, r.request_id) > ($5, $6)
    ORDER BY r.due_at, r.request_id LIMIT $7
"""  # noqa: S608
_APPEALS = f"""
    SELECT count(*), count(*) FILTER (WHERE due_at <= (SELECT mashang_now())) FROM (
        SELECT r.due_at FROM case_requests r JOIN cases USING (case_id)
        WHERE r.kind = 'appeal' AND {VISIBLE} AND {_THEIRS} ORDER BY r.due_at LIMIT $5) AS found
"""  # noqa: S608
_REVIEWED = """
    (SELECT count(*) FROM case_actions JOIN cases USING (case_id)
     WHERE unit_code = $1 AND action = 'review' AND acted_at >= $2
       AND details ->> 'decision' = '{}')
"""
_SINCE = f"""
    SELECT count(*) AS judged,
           count(*) FILTER (WHERE verdict = 'unsubstantiated') AS unsubstantiated,
           {_REVIEWED.format("return")} AS returned, {_REVIEWED.format("correct")} AS corrected
    FROM cases WHERE unit_code = $1 AND verified_at >= $2
"""  # noqa: S608
_NUMBERED = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND case_id = ANY($3)"  # noqa: S608


async def list_led(
    conn: Connection, operator: Operator, after: Cursor | None, limit: int
) -> list[Case]:
    """Cases with an unmet duty that somebody leads or helps with, the most pressing first."""
    rows = await conn.fetch(_LED, *own(operator), operator.username, limit, *_place(after))
    return [as_case(row) for row in rows]


async def list_reviews(
    conn: Connection, operator: Operator, after: Cursor | None, limit: int
) -> list[Case]:
    """Cases whose newest verdict somebody is to look at, the most pressing first."""
    rows = await conn.fetch(
        _REVIEWS, *own(operator), operator.username, limit, *_place(after), _below(operator)
    )
    return [as_case(row) for row in rows]


async def list_asked(
    conn: Connection, operator: Operator, after: Cursor | None, limit: int
) -> list[Request]:
    """Requests that are somebody's to decide, the first due first."""
    who = (*own(operator), operator.username, _below(operator))
    rows = await conn.fetch(_ASKED, *who, *_place(after)[1:], limit)
    return [Request(**dict(row)) for row in rows]


async def count_appeals(conn: Connection, operator: Operator, most: int) -> tuple[int, int]:
    """Officers' appeals that are somebody's to answer, and how many of them are late.

    `most` stands for that many or more.
    """
    who = (*own(operator), operator.username, _below(operator))
    number, late = await conn.fetchrow(_APPEALS, *who, most) or (0, 0)
    return number, late


def _place(after: Cursor | None) -> tuple[int, datetime | None, UUID]:
    return (0 if after.urgent else 1, after.next_due_at, after.case_id) if after else _FIRST


def _below(operator: Operator) -> list[Role]:
    """Of whose verdicts and requests they have the last word, if they are not their own."""
    return [role for role in access.CASE_WORKERS if access.may_review(operator, "", role)]


async def list_cases(
    conn: Connection, operator: Operator, case_ids: Sequence[UUID]
) -> dict[UUID, Case]:
    """Those of these cases that somebody sees."""
    rows = await conn.fetch(_NUMBERED, *own(operator), case_ids)
    return {row["case_id"]: as_case(row) for row in rows}


@dataclass(frozen=True)
class Record:
    """What a unit's verdicts came to: how many, how many found nothing, came back, were changed."""

    judged: int
    unsubstantiated: int
    returned: int
    corrected: int


async def record_since(conn: Connection, unit_code: str, since: datetime) -> Record:
    """Of a unit since a day, as far as whoever asks sees its cases."""
    row = await conn.fetchrow(_SINCE, unit_code, since)
    return Record(**dict(row)) if row else Record(0, 0, 0, 0)
