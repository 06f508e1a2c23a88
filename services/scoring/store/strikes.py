"""Marks on officers: +1, and −1 when a later revision takes one back."""

from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.values import Mark
from shared.db import Connection

_IN_FORCE = """
    SELECT badge, case_id, incident_id, unit_code, received_at FROM strikes WHERE {which}
    GROUP BY badge, case_id, incident_id, unit_code, received_at HAVING sum(delta) > 0
"""
_OF_CASE = _IN_FORCE.format(which="case_id = $1")
_OF_OFFICERS = _IN_FORCE.format(which="badge = ANY($1::text[])")
_ADD = """
    INSERT INTO strikes (badge, case_id, incident_id, unit_code, received_at, revision, year, delta)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LEDGER = """
    SELECT case_id, incident_id, revision, year, delta, changed_at FROM strikes
    WHERE badge = $1 ORDER BY strike_no
"""


async def get_case_marks(conn: Connection, case_id: UUID) -> frozenset[Mark]:
    """The marks of one case that are in force."""
    return _marks(await conn.fetch(_OF_CASE, case_id))


async def get_officers_marks(conn: Connection, badges: Collection[str]) -> frozenset[Mark]:
    """The marks of these officers that are in force, of all cases."""
    return _marks(await conn.fetch(_OF_OFFICERS, list(badges)))


async def add_mark(conn: Connection, mark: Mark, revision: int, year: int, delta: int) -> None:
    """Append +1 or −1."""
    key = (mark.badge, mark.case_id, mark.incident_id, mark.unit_code, mark.received_at)
    await conn.execute(_ADD, *key, revision, year, delta)


async def list_ledger(conn: Connection, badge: str) -> list[Record]:
    """Every mark ever set or taken back, oldest first."""
    return list(await conn.fetch(_LEDGER, badge))


def _marks(rows: list[Record]) -> frozenset[Mark]:
    return frozenset(Mark(**dict(row)) for row in rows)
