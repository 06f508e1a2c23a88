"""What the vendors say they did, by days that are over: rows are added, and never taken back."""

from datetime import date, datetime

from shared.db import Connection


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


async def get_outcome(conn: Connection, vendor: str, order_id: str) -> tuple[bool, str | None]:
    """Whether an order at this vendor is ours, and how it ended as far as we know."""
    row = await conn.fetchrow(
        "SELECT outcome FROM orders WHERE order_id = $1 AND vendor = $2", order_id, vendor
    )
    return (row is not None, row["outcome"] if row else None)
