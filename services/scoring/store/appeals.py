"""Officers' appeals against verdicts, as far as their events have arrived."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scoring.rules.values import Appeal
from shared.db import Connection
from shared.events import AppealChanged

_MARK = """
    INSERT INTO appeals (appeal_id, case_id, unit_code, badge, revision, state, due_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (appeal_id) DO UPDATE SET state = excluded.state, revision = excluded.revision,
        version = excluded.version, over = false
    WHERE appeals.version < excluded.version RETURNING true
"""
_LIST = "SELECT case_id, badge, revision, state, due_at FROM appeals WHERE badge = $1"
_LIST_OF_UNIT = """
    SELECT case_id, badge, revision, state, due_at FROM appeals
    WHERE unit_code = $1 AND state <> 'upheld' AND NOT over
"""
_SETTLE = """
    UPDATE appeals a SET over = true FROM verdicts v
    WHERE a.case_id = $1 AND a.state = 'overturned' AND NOT a.over
      AND v.case_id = a.case_id AND a.revision < v.revision
"""

_WAITING = """
    SELECT count(*) AS number, count(*) FILTER (WHERE due_at <= $1) AS late, min(due_at) AS due_at
    FROM appeals WHERE state = 'filed'
"""


@dataclass(frozen=True)
class Waiting:
    """How many wait for an answer, how many of them too long; by when the first is due."""

    number: int
    late: int
    due_at: datetime | None


async def mark(conn: Connection, event: AppealChanged) -> bool:
    """Take over an appeal; False if we have as new a word of it."""
    row = (event.appeal_id, event.case_id, event.unit_code, event.badge, event.revision)
    if not await conn.fetchval(_MARK, *row, event.state, event.due_at, event.version):
        return False
    await settle(conn, event.case_id)
    return True


async def settle(conn: Connection, case_id: UUID) -> None:
    """What was overturned in a case is over, once its new verdict is here."""
    await conn.execute(_SETTLE, case_id)


async def list_of(conn: Connection, badge: str) -> list[Appeal]:
    """All appeals of an officer."""
    return [Appeal(**dict(row)) for row in await conn.fetch(_LIST, badge)]


async def list_of_unit(conn: Connection, unit_code: str) -> list[Appeal]:
    """Appeals against what was found at a unit that wait, or whose new verdict does."""
    return [Appeal(**dict(row)) for row in await conn.fetch(_LIST_OF_UNIT, unit_code)]


async def count_waiting(conn: Connection, now: datetime) -> Waiting:
    """What nobody has answered yet, as far as the operator sees."""
    return Waiting(**dict(await conn.fetchrow(_WAITING, now) or {}))
