"""Marks of verdicts in force, by officer; who asks sees all units (`as_itself`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.db import Connection
from shared.events import Verdict

_MARKED = """
    SELECT case_id, submission_id, number, badge, unit_code, received_at, final_at, verdict,
           categories
    FROM cases, unnest(officers) AS badge
    WHERE case_id IN (SELECT cases_marking($1)) AND badge = ANY($1) AND state = 'verified'
      AND kind = 'complaint' AND attribution = 'officers' AND verdict IN ('substantiated', 'partly')
      AND final_at IS NOT NULL
"""
_MOST = 50


@dataclass(frozen=True)
class Marked:
    """A mark, and what was found."""

    case_id: UUID
    submission_id: UUID
    number: str
    badge: str
    unit_code: str
    received_at: datetime
    final_at: datetime
    verdict: Verdict
    categories: tuple[str, ...]


async def list_newest(conn: Connection, badges: Sequence[str]) -> list[Marked]:
    """An officer's marks in force, the newest verdict first."""
    rows = await conn.fetch(f"{_MARKED} ORDER BY final_at DESC, case_id LIMIT {_MOST}", badges)
    return [_marked(row) for row in rows]


async def get(conn: Connection, case_id: UUID, badges: Sequence[str]) -> Marked | None:
    """The mark that a case sets on an officer, if it sets one."""
    row = await conn.fetchrow(f"{_MARKED} AND case_id = $2", badges, case_id)
    return _marked(row) if row else None


def _marked(row: Record) -> Marked:
    return Marked(**dict(row) | {"categories": tuple(row["categories"])})
