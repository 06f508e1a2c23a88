"""What the vendors say they did, by days that are over: rows are added, and never taken back."""

from datetime import date, datetime, timedelta
from typing import Any

from services.rewards.rules.orders import Order
from shared.db import Connection

# Of an order `o` of a reward `r`: closed statements cover every moment at which it could have been
# carried out, from its first sending until the window ($2) after its last one.
_SENT = "coalesce(CASE WHEN r.attempt = o.attempt THEN r.sent_at END, o.opened_at)"
COVERED = f"""
    coalesce((SELECT range_agg(tstzrange(s.opened_at, s.closed_at))
              FROM statements s WHERE s.vendor = o.vendor)
             @> tstzrange(least(o.opened_at, {_SENT}), {_SENT} + $2::interval), false)
"""  # noqa: S608
# Clocks differ, so an order may stand on the statement of the day before or after.
_UNLISTED = """
    SELECT o.order_id, o.reward_id, o.amount_fen FROM orders o
    WHERE o.vendor = $1 AND o.outcome = 'paid'
      AND tstzrange(o.opened_at - $4::interval, o.closed_at + $4::interval) && tstzrange($2, $3)
      AND (SELECT range_agg(tstzrange(s.opened_at, s.closed_at))
           FROM statements s WHERE s.vendor = $1)
          @> tstzrange(o.opened_at - $4::interval, o.closed_at + $4::interval, '[]')
      AND NOT EXISTS (SELECT FROM statement_orders s
                      WHERE s.vendor = $1 AND s.order_id = o.order_id)
"""
CLOCKS = timedelta(hours=1)


async def add(
    conn: Connection, vendor: str, day: date, opened_at: datetime, closed_at: datetime
) -> None:
    """A day of a vendor's; again for a later file of the same day."""
    await conn.execute(
        """INSERT INTO statements (vendor, day, opened_at, closed_at, taken_at)
           VALUES ($1, $2, $3, $4, mashang_now())
           ON CONFLICT (vendor, day) DO UPDATE SET taken_at = excluded.taken_at""",
        vendor,
        day,
        opened_at,
        closed_at,
    )


async def add_order(
    conn: Connection,
    vendor: str,
    day: date,
    order_id: str,
    outcome: str,
    vendor_ref: str,
    product: str,
    amount_fen: int,
) -> bool:
    """A row of it; False if it is known."""
    done = await conn.fetchval(
        """INSERT INTO statement_orders
               (vendor, day, order_id, outcome, vendor_ref, product, amount_fen)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true""",
        vendor,
        day,
        order_id,
        outcome,
        vendor_ref,
        product,
        amount_fen,
    )
    return done is True


async def get_order(conn: Connection, vendor: str, order_id: str) -> dict[str, Any] | None:
    """An order of ours at this vendor; None if we made no such one there."""
    row = await conn.fetchrow(
        """SELECT reward_id, outcome, product, amount_fen FROM orders
           WHERE order_id = $1 AND vendor = $2""",
        order_id,
        vendor,
    )
    return dict(row) if row else None


async def get_other_ref(conn: Connection, vendor: str, order_id: str, ref: str) -> str | None:
    """The vendor's id under which it has carried out this order besides `ref`, if it has."""
    other: str | None = await conn.fetchval(
        """SELECT vendor_ref FROM statement_orders
           WHERE vendor = $1 AND order_id = $2 AND outcome = 'paid' AND vendor_ref <> $3 LIMIT 1""",
        vendor,
        order_id,
        ref,
    )
    return other


async def get_listed(conn: Connection, order: Order) -> frozenset[str]:
    """What the vendor's statements say became of an order; nothing if they do not name it."""
    rows = await conn.fetch(
        "SELECT outcome FROM statement_orders WHERE vendor = $1 AND order_id = $2",
        order.vendor,
        order.order_id,
    )
    return frozenset(row["outcome"] for row in rows)


async def is_covered(conn: Connection, order_id: str, window: timedelta) -> bool:
    """Whether closed statements cover every moment at which an order could be carried out."""
    covered = await conn.fetchval(
        f"""SELECT {COVERED}
            FROM orders o JOIN rewards r ON r.id = o.reward_id WHERE o.order_id = $1""",  # noqa: S608
        order_id,
        window,
    )
    return covered is True


async def list_unlisted(
    conn: Connection, vendor: str, opened_at: datetime, closed_at: datetime
) -> list[dict[str, Any]]:
    """Orders of that time that are paid for all we know, and on no statement that could have them.

    Only where the statements of every moment are there.
    """
    rows = await conn.fetch(_UNLISTED, vendor, opened_at, closed_at, CLOCKS)
    return [dict(row) for row in rows]
