"""Marks on officers: +1, and −1 when a later revision takes one back."""

from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.values import Mark
from shared.db import Connection

_IN_FORCE = """
    SELECT badge, case_id, incident_id, unit_code, received_at FROM strikes
    WHERE badge = ANY($1::text[])
    GROUP BY badge, case_id, incident_id, unit_code, received_at HAVING sum(delta) > 0
"""
_ADD = """
    INSERT INTO strikes (badge, case_id, incident_id, unit_code, received_at, revision, year, delta)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
"""
_WITHDRAW = """
    INSERT INTO strikes (badge, case_id, incident_id, unit_code, received_at, revision, year, delta)
    SELECT badge, case_id, incident_id, unit_code, received_at, $4, year, -1 FROM strikes
    WHERE badge = $1 AND case_id = $2 AND incident_id = $3
    GROUP BY badge, case_id, incident_id, unit_code, received_at, year HAVING sum(delta) > 0
"""
_LEDGER = """
    SELECT case_id, incident_id, revision, year, delta, changed_at FROM strikes
    WHERE badge = $1 ORDER BY strike_no
"""


async def get_officers_marks(conn: Connection, badges: Collection[str]) -> frozenset[Mark]:
    """The marks of these officers that are in force, of all cases."""
    rows = await conn.fetch(_IN_FORCE, list(badges))
    return frozenset(Mark(**dict(row)) for row in rows)


async def add_mark(conn: Connection, mark: Mark, revision: int, year: int) -> None:
    """Append +1."""
    key = (mark.badge, mark.case_id, mark.incident_id, mark.unit_code, mark.received_at)
    await conn.execute(_ADD, *key, revision, year)


async def add_withdrawal(
    conn: Connection, badge: str, case_id: UUID, incident_id: UUID | None, revision: int
) -> None:
    """Append −1 to the mark that is in force."""
    await conn.execute(_WITHDRAW, badge, case_id, incident_id, revision)


async def list_ledger(conn: Connection, badge: str) -> list[Record]:
    """Every mark ever set or taken back, oldest first."""
    return list(await conn.fetch(_LEDGER, badge))
