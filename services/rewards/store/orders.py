"""What was, or may have been, sent to a vendor."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.rewards.rules.orders import Evidence, Order
from services.rewards.rules.payouts import Reward
from services.rewards.rules.routing import Past
from services.rewards.store.statements import COVERED
from shared.db import Connection

ORDER = """order_id, vendor, product, amount_fen, attempt, vendor_ref AS ref,
           outcome IS NOT DISTINCT FROM 'paid' AS paid"""
BY_REF = "SELECT order_id FROM orders WHERE vendor = $1 AND vendor_ref = ANY($2)"
_FIELDS = tuple(field.name for field in fields(Order))
_LIST = """
    SELECT order_id, attempt, vendor, product, amount_fen, opened_at, vendor_ref, code, outcome,
           closed_at, last_answer, last_answer_at
    FROM orders WHERE reward_id = $1 ORDER BY attempt
"""
# Of each vendor the first, by an index: there are few vendors, and many orders.
_TOLD = "(outcome IS DISTINCT FROM 'rejected' OR ask_at IS NOT NULL)"
_WITHDRAWN = f"""
    WITH RECURSIVE found AS (
        (SELECT vendor FROM orders WHERE {_TOLD} ORDER BY vendor LIMIT 1)
        UNION ALL
        SELECT (SELECT o.vendor FROM orders o WHERE {_TOLD} AND o.vendor > found.vendor
                ORDER BY o.vendor LIMIT 1)
        FROM found WHERE found.vendor IS NOT NULL
    )
    SELECT vendor FROM found WHERE vendor IS NOT NULL AND vendor <> ALL($1) ORDER BY vendor
"""  # noqa: S608  the condition is this module's own


async def add(conn: Connection, reward: Reward, vendor: str, product: str) -> None:
    """The present attempt's order. UniqueViolationError (orders_one_live) while one is open."""
    await conn.execute(
        """INSERT INTO orders (order_id, reward_id, attempt, vendor, product, amount_fen, opened_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        reward.order_id,
        reward.id,
        reward.attempt,
        vendor,
        product,
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


async def mark_answer(conn: Connection, order_id: str, answer: str | None, now: datetime) -> None:
    """What kind of answer came last, and that no question is under way; None forgets it."""
    await conn.execute(
        """UPDATE orders SET last_answer = $2, asking_until = NULL,
               last_answer_at = CASE WHEN $2::text IS NULL THEN NULL ELSE $3::timestamptz END
           WHERE order_id = $1""",
        order_id,
        answer,
        now,
    )


async def mark_asking(
    conn: Connection, rewards: Collection[UUID], until: timedelta
) -> dict[UUID, Order]:
    """The live order of each of these rewards, with a question about it under way."""
    rows = await conn.fetch(
        f"""UPDATE orders SET asking_until = mashang_now() + $2
            WHERE reward_id = ANY($1) AND outcome IS DISTINCT FROM 'rejected'
            RETURNING reward_id, {ORDER}""",  # noqa: S608
        list(rewards),
        until,
    )
    return {row["reward_id"]: as_order(row) for row in rows}


def as_order(row: Any) -> Order:
    """A row of `ORDER`."""
    return Order(**{name: row[name] for name in _FIELDS})


async def list_past(conn: Connection, reward_id: UUID) -> list[Past]:
    """All orders of a reward, as far as they decide where the next one goes."""
    rows = await conn.fetch("SELECT vendor, outcome FROM orders WHERE reward_id = $1", reward_id)
    return [Past(row["vendor"], row["outcome"]) for row in rows]


async def list_by_ref(conn: Connection, vendor: str, refs: Collection[str]) -> list[str]:
    """Our ids of the orders that a vendor calls so."""
    rows = await conn.fetch(BY_REF, vendor, list(refs))
    return [row["order_id"] for row in rows]


async def get_live(conn: Connection, reward_id: UUID) -> str | None:
    """The id of the one order of a reward that is not known to have failed."""
    live: str | None = await conn.fetchval(
        """SELECT order_id FROM orders
           WHERE reward_id = $1 AND outcome IS DISTINCT FROM 'rejected'""",
        reward_id,
    )
    return live


async def get_evidence(conn: Connection, reward: Reward, window: timedelta) -> Evidence:
    """What a write-off of the present order is judged by.

    The vendor could have carried it out from the first sending until the window after the last.
    """
    row = await conn.fetchrow(
        f"""SELECT last_answer AS answer, last_answer_at AS heard_at,
                   coalesce(asking_until > mashang_now(), false) AS asking,
                   {COVERED} AS covered,
                   EXISTS (SELECT FROM statement_orders s
                           WHERE s.vendor = o.vendor AND s.order_id = o.order_id) AS listed
            FROM orders o JOIN rewards r ON r.id = o.reward_id WHERE order_id = $1""",  # noqa: S608
        reward.order_id,
        window,
    )
    return Evidence(**dict(row)) if row else Evidence(None, None, False, False, False)


async def list_without_vendor(
    conn: Connection, reward_ids: Collection[UUID], vendors: Collection[str]
) -> dict[UUID, str]:
    """The vendors of these rewards' open orders that are not among those configured."""
    rows = await conn.fetch(
        """SELECT reward_id, vendor FROM orders WHERE reward_id = ANY($1) AND vendor <> ALL($2)
             AND (outcome IS NULL OR ask_at IS NOT NULL)""",
        list(reward_ids),
        list(vendors),
    )
    return {row["reward_id"]: row["vendor"] for row in rows}


async def list_withdrawn(conn: Connection, vendors: Collection[str]) -> list[str]:
    """Vendors that are not configured and about whose orders there may be something to say."""
    return [row["vendor"] for row in await conn.fetch(_WITHDRAWN, list(vendors))]


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
