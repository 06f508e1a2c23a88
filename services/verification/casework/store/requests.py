"""Requests to the level above."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from services.verification.casework.rules.requests import Outcome, Request
from shared.db import Connection

_COLUMNS = ", ".join(f.name for f in fields(Request))
_ADD = f"""
    INSERT INTO case_requests ({_COLUMNS})
    VALUES ({", ".join(f"${n}" for n, _ in enumerate(fields(Request), 1))})
    ON CONFLICT (case_id, kind, coalesce(badge, '')) WHERE outcome IS NULL DO NOTHING RETURNING 1
"""  # noqa: S608  the names are this module's own
_OPEN = f"SELECT {_COLUMNS} FROM case_requests WHERE outcome IS NULL"  # noqa: S608
# The case first, as whoever decides has it: the other way round two would wait for each other.
_LAPSE = f"""
    WITH late AS (
        SELECT request_id FROM case_requests r JOIN cases c USING (case_id)
        WHERE outcome IS NULL AND due_at <= mashang_now() AND r.kind <> 'appeal'
        ORDER BY due_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE case_requests SET outcome = 'lapsed', decided_at = mashang_now()
    WHERE request_id IN (SELECT request_id FROM late) AND outcome IS NULL
    RETURNING {_COLUMNS}
"""  # noqa: S608
_AGE = """
    SELECT count(*), coalesce(extract(epoch FROM mashang_now() - min(asked_at)), 0)::float8
    FROM case_requests WHERE outcome IS NULL AND kind = 'appeal'
"""
_APPEALS = """
    SELECT case_id, asked_at, due_at, outcome, decided_at FROM case_requests
    WHERE case_id = ANY($1) AND badge = $2 AND kind = 'appeal' ORDER BY asked_at
"""
# The word stands on the time line, as whoever decided wrote it down next.
# Of each name the newest, then each with its case.
_HEARD = """
    SELECT r.case_id, r.asked_at, r.due_at, r.outcome, r.decided_at, c.submission_id, c.number,
           word.note_sealed AS word_sealed
    FROM (SELECT own.* FROM unnest($1::text[]) AS name CROSS JOIN LATERAL (
              SELECT * FROM case_requests WHERE badge = name AND kind = 'appeal'
              ORDER BY asked_at DESC, case_id LIMIT $2) AS own
          ORDER BY asked_at DESC, case_id LIMIT $2) AS r
    JOIN cases c USING (case_id)
    LEFT JOIN LATERAL (
        SELECT note_sealed FROM case_actions a
        WHERE a.case_id = r.case_id AND a.action IN ('appeal_granted', 'appeal_refused')
          AND a.details->>'badge' = r.badge AND a.acted_at >= r.decided_at
        ORDER BY action_id LIMIT 1
    ) AS word ON true
    ORDER BY r.asked_at DESC, r.case_id
"""


@dataclass(frozen=True)
class Appealed:
    """An appeal, and how it ended."""

    case_id: UUID
    asked_at: datetime
    due_at: datetime
    outcome: Outcome | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Heard(Appealed):
    """The same with its case, and the sealed word of whoever answered it."""

    submission_id: UUID
    number: str
    word_sealed: str | None


async def add(conn: Connection, request: Request) -> bool:
    """Ask; False if the same is asked already."""
    values = [getattr(request, f.name) for f in fields(Request)]
    return await conn.fetchval(_ADD, *values) is not None


async def list_of(conn: Connection, case_id: UUID) -> list[Request]:
    """What is asked about a case and not answered."""
    rows = await conn.fetch(f"{_OPEN} AND case_id = $1 ORDER BY asked_at", case_id)
    return [Request(**dict(row)) for row in rows]


async def list_appeals(conn: Connection, case_ids: Sequence[UUID], badge: str) -> list[Appealed]:
    """An officer's appeals in these cases, however they ended, the oldest first."""
    return [Appealed(**dict(row)) for row in await conn.fetch(_APPEALS, list(case_ids), badge)]


async def list_heard(conn: Connection, badges: Sequence[str], limit: int) -> list[Heard]:
    """An officer's appeals in all cases, the newest first; who asks sees all units."""
    return [Heard(**dict(row)) for row in await conn.fetch(_HEARD, list(badges), limit)]


async def age_of_appeals(conn: Connection) -> tuple[int, float]:
    """How many appeals nobody has answered yet, and for how many seconds the oldest waits."""
    number, seconds = await conn.fetchrow(_AGE) or (0, 0.0)
    return number, seconds


async def end(
    conn: Connection, request_id: UUID, outcome: Outcome, username: str, at: datetime
) -> None:
    """How it was decided."""
    await conn.execute(
        """UPDATE case_requests SET outcome = $2, decided_by = $3, decided_at = $4
           WHERE request_id = $1""",
        request_id, outcome, username, at,
    )  # fmt: skip


async def lapse(conn: Connection, limit: int) -> Sequence[Request]:
    """End those whose time is over."""
    return [Request(**dict(row)) for row in await conn.fetch(_LAPSE, limit)]
