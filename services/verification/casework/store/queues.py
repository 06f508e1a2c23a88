"""What waits for one person: the cases they lead or help with, and what is theirs to decide."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.store.cases import COLUMNS, VISIBLE, as_case, own
from shared.access import Operator, Role
from shared.db import Connection

_LED = f"""
    SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND case_id IN (
        SELECT case_id FROM cases WHERE lead = $3 AND next_due_at IS NOT NULL
        UNION ALL SELECT case_id FROM cases
        WHERE helpers @> ARRAY[$3::text] AND helpers <> '{{}}' AND next_due_at IS NOT NULL)
    ORDER BY (CASE WHEN urgent THEN 0 ELSE 1 END), next_due_at, case_id LIMIT $4
"""  # noqa: S608  the names are this package's own
_ASKED = f"""
    SELECT {", ".join(f"r.{f.name}" for f in fields(Request))}
    FROM case_requests r JOIN cases USING (case_id)
    WHERE {VISIBLE} AND r.outcome IS NULL AND r.due_at > mashang_now()
    ORDER BY r.due_at LIMIT $3
"""  # noqa: S608
_SINCE = """
    SELECT count(*) AS judged,
           count(*) FILTER (WHERE verdict = 'unsubstantiated') AS unsubstantiated,
           (SELECT count(*) FROM case_actions JOIN cases USING (case_id)
            WHERE unit_code = $1 AND action = 'review' AND acted_at >= $2
              AND details ->> 'decision' = 'return') AS returned
    FROM cases WHERE unit_code = $1 AND verified_at >= $2
"""
_NUMBERED = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND case_id = ANY($3)"  # noqa: S608


@dataclass(frozen=True)
class Author:
    """Who gave a case's newest verdict."""

    username: str
    role: Role


async def list_led(conn: Connection, operator: Operator, limit: int) -> list[Case]:
    """Cases with an unmet duty that somebody leads or helps with, the most pressing first."""
    rows = await conn.fetch(_LED, *own(operator), operator.username, limit)
    return [as_case(row) for row in rows]


async def list_asked(conn: Connection, operator: Operator, limit: int) -> list[Request]:
    """Requests about the cases that somebody sees, the first due first."""
    return [Request(**dict(row)) for row in await conn.fetch(_ASKED, *own(operator), limit)]


async def list_cases(
    conn: Connection, operator: Operator, case_ids: Sequence[UUID]
) -> dict[UUID, Case]:
    """Those of these cases that somebody sees."""
    rows = await conn.fetch(_NUMBERED, *own(operator), case_ids)
    return {row["case_id"]: as_case(row) for row in rows}


async def list_authors(conn: Connection, case_ids: Sequence[UUID]) -> dict[UUID, Author]:
    """Who gave the newest verdicts of these cases."""
    rows = await conn.fetch(
        """SELECT DISTINCT ON (case_id) case_id, username, role FROM verdicts
           WHERE case_id = ANY($1) ORDER BY case_id, revision DESC""",
        case_ids,
    )
    return {row["case_id"]: Author(row["username"], row["role"]) for row in rows}


@dataclass(frozen=True)
class Record:
    """What a unit's verdicts came to: how many, how many found nothing, how many came back."""

    judged: int
    unsubstantiated: int
    returned: int


async def record_since(conn: Connection, unit_code: str, since: datetime) -> Record:
    """Of a unit since a day, as far as whoever asks sees its cases."""
    row = await conn.fetchrow(_SINCE, unit_code, since)
    return Record(**dict(row)) if row else Record(0, 0, 0)
