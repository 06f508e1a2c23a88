"""Invitations that were used, and the draws that they came from. Nobody's visit is among it."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Literal, NamedTuple

from asyncpg import Record

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
    ON CONFLICT ON CONSTRAINT draws_once DO NOTHING RETURNING true
"""
_WAYS = "SELECT code_hash, how FROM invited WHERE draw = $1"
_LIST = """
    SELECT d.number, d.unit_code, u.name AS unit_name, d.day, d.seed, d.list_sha256, d.population,
           d.size, d.drawn_by, d.drawn_at, told.sent, told.recent, told.declined,
           told.answered
    FROM draws d JOIN units u ON u.code = d.unit_code, LATERAL (
        SELECT count(*) FILTER (WHERE i.how = 'sms') AS sent,
               count(*) FILTER (WHERE i.how = 'recent') AS recent,
               count(*) FILTER (WHERE i.how = 'declined') AS declined, count(s.id) AS answered
        FROM invited i LEFT JOIN invitations_used used ON used.code_hash = i.code_hash
            LEFT JOIN submissions s ON s.receipt_hash = used.receipt_hash
        WHERE i.draw = d.number) AS told
    ORDER BY d.number DESC LIMIT $1
"""


# Handed out, sent by SMS, or left out: asked lately, or asked no more.
How = Literal["code", "sms", "recent", "declined"]


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
    return bool(await conn.fetchval(_CLAIM, _hash(code), receipt_hash))


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
) -> tuple[Draw, bool]:
    """Record a draw; the one that was there, if another was first, and whether it is ours."""
    row = (unit_code, day, seed, list_sha256, population, size, drawn_by)
    fresh = bool(await conn.fetchval(_ADD, *row))
    found = await get_draw(conn, unit_code, list_sha256)
    if found is None:
        raise LookupError("a draw that was recorded is not there")
    return found, fresh


async def add_invited(conn: Connection, draw: int, code: str, how: How) -> None:
    """Whom a draw invited: only the code's hash stays, to count the answers by."""
    await conn.execute(
        "INSERT INTO invited (code_hash, draw, how) VALUES ($1, $2, $3)", _hash(code), draw, how
    )


async def list_ways(conn: Connection, draw: int, codes: Sequence[str]) -> list[How]:
    """How each of these codes of a draw went out; by hand, where a draw is older than the list."""
    rows = await conn.fetch(_WAYS, draw)
    found: dict[bytes, How] = {row["code_hash"]: row["how"] for row in rows}
    return [found.get(_hash(code), "code") for code in codes]


async def list_draws(conn: Connection, most: int) -> list[Record]:
    """The newest first, with how many were sent, left out and answered."""
    return list(await conn.fetch(_LIST, most))


def _hash(code: str) -> bytes:
    return sha256(code.encode()).digest()
