"""Orders that were closed as failed, and are asked about again: by their own id."""

from datetime import datetime, timedelta
from typing import Any

from services.rewards.rules.orders import Sent
from services.rewards.store import rewards
from services.rewards.store.orders import ORDER, as_order
from services.rewards.store.statements import COVERED
from shared.db import Connection


async def mark_due(conn: Connection, vendor: str, order_id: str) -> bool:
    """Ask about an earlier order now; False if it is none."""
    done = await conn.fetchval(
        """UPDATE orders SET ask_at = mashang_now(), asked = 0
           WHERE order_id = $1 AND vendor = $2 AND outcome = 'rejected' RETURNING true""",
        order_id,
        vendor,
    )
    return done is True


async def mark_ask(conn: Connection, order_id: str, at: datetime | None) -> None:
    """When to ask about it, if at all."""
    await conn.execute("UPDATE orders SET ask_at = $2 WHERE order_id = $1", order_id, at)


async def claim(conn: Connection, vendor: str, lease: timedelta, limit: int) -> list[Sent]:
    """Earlier orders about which this vendor should be asked; not again until `lease` is over."""
    rows = await conn.fetch(
        f"""UPDATE orders SET ask_at = mashang_now() + $2, asking_until = mashang_now() + $2,
               asked = asked + 1
           WHERE order_id IN (SELECT order_id FROM orders
                              WHERE vendor = $1 AND ask_at <= mashang_now()
                              ORDER BY ask_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING reward_id, asked, {ORDER}""",  # noqa: S608
        vendor,
        lease,
        limit,
    )
    return [await _sent(conn, row) for row in rows]


async def claim_listed(
    conn: Connection, window: timedelta, vendor: str, lease: timedelta, limit: int
) -> list[Sent]:
    """Those about which the statements of this vendor say something: listed, or proved absent."""
    rows = await conn.fetch(
        f"""UPDATE orders SET ask_at = mashang_now() + $1, asked = asked + 1
            WHERE order_id IN (
                SELECT o.order_id FROM orders o JOIN rewards r ON r.id = o.reward_id
                WHERE o.vendor = $4 AND o.ask_at <= mashang_now()
                  AND (EXISTS (SELECT FROM statement_orders s
                               WHERE s.vendor = o.vendor AND s.order_id = o.order_id)
                       OR {COVERED})
                ORDER BY o.ask_at LIMIT $3 FOR UPDATE OF o SKIP LOCKED)
            RETURNING reward_id, asked, {ORDER}""",  # noqa: S608
        lease,
        window,
        limit,
        vendor,
    )
    return [await _sent(conn, row) for row in rows]


async def _sent(conn: Connection, row: Any) -> Sent:
    reward = await rewards.get(conn, row["reward_id"])
    if reward is None:
        raise LookupError(f"order {row['order_id']} has no reward")
    return Sent(reward, as_order(row), row["asked"])
