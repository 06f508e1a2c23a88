"""Invitations that were used, and the draws that they came from. Nobody's visit is among it."""

from datetime import date
from hashlib import sha256
from typing import NamedTuple

from shared.db import Connection

# One that was claimed for a submission that never came in may be claimed again.
_CLAIM = """
    INSERT INTO invitations_used (code_hash, receipt_hash)
    SELECT $1, $2 WHERE NOT EXISTS (
        SELECT FROM invitations_used WHERE receipt_hash = $2 AND code_hash <> $1)
    ON CONFLICT ON CONSTRAINT invitations_used_pkey DO UPDATE
    SET receipt_hash = excluded.receipt_hash
    WHERE invitations_used.receipt_hash = excluded.receipt_hash OR NOT EXISTS (
        SELECT FROM submissions s WHERE s.receipt_hash = invitations_used.receipt_hash)
    RETURNING true
"""
_GET = """
    SELECT number, unit_code, day, seed, list_sha256, population, size, drawn_by FROM draws
    WHERE unit_code = $1 AND list_sha256 = $2
"""
_ADD = """
    INSERT INTO draws (unit_code, day, seed, list_sha256, population, size, drawn_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT ON CONSTRAINT draws_once DO NOTHING
"""


class Draw(NamedTuple):
    """What whoever has the list needs to draw again and compare."""

    number: int
    unit_code: str
    day: date
    seed: str
    list_sha256: str
    population: int
    size: int
    drawn_by: str


async def claim(conn: Connection, code: str, receipt_hash: bytes) -> bool:
    """Use an invitation for the submission of this receipt; False if it was used for another."""
    code_hash = sha256(code.encode()).digest()
    return bool(await conn.fetchval(_CLAIM, code_hash, receipt_hash))


async def get_draw(conn: Connection, unit_code: str, list_sha256: str) -> Draw | None:
    """The draw from a list, if there was one."""
    row = await conn.fetchrow(_GET, unit_code, list_sha256)
    return Draw(*row) if row else None


async def add_draw(
    conn: Connection,
    unit_code: str,
    day: date,
    seed: str,
    list_sha256: str,
    population: int,
    size: int,
    drawn_by: str,
) -> Draw:
    """Record a draw; the one that was there, if another was first."""
    row = (unit_code, day, seed, list_sha256, population, size, drawn_by)
    await conn.execute(_ADD, *row)
    found = await get_draw(conn, unit_code, list_sha256)
    if found is None:
        raise LookupError("a draw that was recorded is not there")
    return found
