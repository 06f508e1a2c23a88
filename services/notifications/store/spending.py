"""What SMS have cost: a day's running total by purse, and each message's last charge."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from asyncpg import Record

from services.notifications.rules.sparing import Spent
from shared.db import Connection

_OPEN = """
    INSERT INTO spending (day, reserve) VALUES ($1, false), ($1, true)
    ON CONFLICT ON CONSTRAINT spending_pkey DO NOTHING
"""
_READ = "SELECT reserve, fen FROM spending WHERE day = $1 ORDER BY reserve"
_CHARGE = """
    WITH charged AS (
        UPDATE messages SET fen = fen + $2, charged_fen = $2, charged_day = $3, charged_reserve = $4
        WHERE message_id = ANY($1::uuid[]) RETURNING message_id)
    UPDATE spending SET fen = fen + $2 * (SELECT count(*) FROM charged)
    WHERE day = $3 AND reserve = $4
"""
_GIVE_BACK = """
    WITH was AS (
        SELECT message_id, charged_fen, charged_day, charged_reserve FROM messages
        WHERE message_id = $1 AND charged_fen > 0 FOR UPDATE),
    given AS (
        UPDATE messages m SET fen = m.fen - was.charged_fen, charged_fen = 0 FROM was
        WHERE m.message_id = was.message_id)
    UPDATE spending s SET fen = s.fen - was.charged_fen FROM was
    WHERE s.day = was.charged_day AND s.reserve = was.charged_reserve
"""


async def lock(conn: Connection, day: date) -> Spent:
    """The day's total so far, with every other claim kept out until the transaction ends."""
    await conn.execute(_OPEN, day)
    return _spent(await conn.fetch(f"{_READ} FOR UPDATE", day))


async def get(conn: Connection, day: date) -> Spent:
    """The same to look at."""
    return _spent(await conn.fetch(_READ, day))


async def charge(
    conn: Connection, message_ids: Sequence[UUID], fen: int, day: date, *, reserve: bool
) -> None:
    """So much for each of these calls, from one purse."""
    if fen and message_ids:
        await conn.execute(_CHARGE, list(message_ids), fen, day, reserve)


async def give_back(conn: Connection, message_id: UUID) -> None:
    """The last call certainly sent nothing, so that it cost nothing."""
    await conn.execute(_GIVE_BACK, message_id)


async def mark_told(conn: Connection, day: date, *, reserve: bool) -> bool:
    """That a purse is empty is said once a day, by whichever instance is first."""
    sql = """UPDATE spending SET told_at = mashang_now()
             WHERE day = $1 AND reserve = $2 AND told_at IS NULL RETURNING true"""
    return bool(await conn.fetchval(sql, day, reserve))


def _spent(rows: Sequence[Record]) -> Spent:
    by_purse = {bool(row["reserve"]): int(row["fen"]) for row in rows}
    return Spent(by_purse.get(False, 0), by_purse.get(True, 0))
