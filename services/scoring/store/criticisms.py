"""Circulated criticisms 通报批评: numbered by year without gaps, withdrawn by a further row."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.db import Connection

# Free of gaps since the caller holds the lock on verdicts, and a number is only ever committed.
_ADD = """
    INSERT INTO criticisms (year, number, case_id, revision, unit_code, issued_at)
    SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM criticisms WHERE year = $1
    RETURNING number
"""
_WITHDRAW = """
    INSERT INTO criticism_withdrawals (year, number, revision, withdrawn_at)
    SELECT c.year, c.number, $2, $3
    FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
    WHERE c.case_id = $1 AND w.year IS NULL
    RETURNING year, number
"""
_LIST = """
    SELECT c.year, c.number, c.case_id, c.unit_code, u.name AS unit_name, c.issued_at,
           w.withdrawn_at
    FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
    LEFT JOIN units u ON u.unit_code = c.unit_code
    WHERE c.year = $1 AND c.number > $2 ORDER BY c.number LIMIT $3
"""


async def add_criticism(
    conn: Connection, year: int, case_id: UUID, revision: int, unit_code: str, issued_at: datetime
) -> int:
    """Issue the year's next number. The caller holds `lock_verdicts`."""
    return int(await conn.fetchval(_ADD, year, case_id, revision, unit_code, issued_at))


async def add_withdrawal(
    conn: Connection, case_id: UUID, revision: int, withdrawn_at: datetime
) -> list[tuple[int, int]]:
    """Withdraw the case's criticism; its year and number."""
    rows = await conn.fetch(_WITHDRAW, case_id, revision, withdrawn_at)
    return [(row["year"], row["number"]) for row in rows]


async def list_criticisms(conn: Connection, year: int, after: int, limit: int) -> list[Record]:
    """A year's criticisms that the operator may see, numbered above `after`, withdrawn ones too."""
    return list(await conn.fetch(_LIST, year, after, limit))
