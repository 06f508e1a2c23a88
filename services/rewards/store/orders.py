"""What was, or may have been, sent to the vendor."""

from datetime import datetime

from asyncpg import Record

from services.rewards.rules.payouts import Reward
from shared.db import Connection

_LIST = """
    SELECT order_id, attempt, vendor, amount_fen, opened_at, vendor_ref, code, outcome, closed_at
    FROM orders WHERE reward_id = $1 ORDER BY attempt
"""


async def add(conn: Connection, reward: Reward, vendor: str) -> None:
    """The present attempt's order. UniqueViolationError (orders_one_live) while one is open."""
    await conn.execute(
        """INSERT INTO orders (order_id, reward_id, attempt, vendor, amount_fen, opened_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        reward.order_id,
        reward.id,
        reward.attempt,
        vendor,
        reward.amount_fen,
        reward.sent_at,
    )


async def mark(
    conn: Connection,
    order_id: str,
    code: str | None,
    ref: str | None,
    outcome: str | None,
    now: datetime,
) -> None:
    """Note the vendor's last word; an outcome closes the order."""
    await conn.execute(
        """UPDATE orders SET code = coalesce($2, code), vendor_ref = coalesce($3, vendor_ref),
               outcome = coalesce($4, outcome),
               closed_at = CASE WHEN $4::text IS NULL THEN closed_at ELSE $5 END
           WHERE order_id = $1""",
        order_id,
        code,
        ref,
        outcome,
        now,
    )


async def add_write_off(
    conn: Connection, order_id: str, username: str, note: str, now: datetime
) -> bool:
    """One signature; False if this person has signed already."""
    done = await conn.fetchval(
        """INSERT INTO write_offs (order_id, username, note, made_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING true""",
        order_id,
        username,
        note,
        now,
    )
    return done is True


async def list_write_offs(conn: Connection, order_id: str) -> list[str]:
    """Who has signed."""
    rows = await conn.fetch(
        "SELECT username FROM write_offs WHERE order_id = $1 ORDER BY made_at", order_id
    )
    return [row["username"] for row in rows]


async def list_of(conn: Connection, reward: Reward) -> list[Record]:
    """All orders of a reward, oldest first."""
    return list(await conn.fetch(_LIST, reward.id))
