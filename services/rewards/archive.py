"""A vendor that is no longer configured: nobody asks it, but its statements still answer for it.

An order belongs to the vendor with which it was made. When that one is taken out of the settings,
its open orders are asked about nowhere else. What its closed statements list, or prove absent, is
taken as its answer; everything else waits, visibly, for a statement or for the vendor's return.
"""

from datetime import timedelta

from services.rewards.rules.orders import Order
from services.rewards.store import statements
from shared.db import Connection, Database
from shared.vendors import outcomes
from shared.vendors.outcomes import Done, Outcome, Reversed, Unknown

NOT_CONFIGURED = Unknown("vendor_not_configured")


async def look_up(database: Database, order: Order, window: timedelta) -> Outcome:
    """What became of an order, by the statements of its vendor."""
    async with database.acquire() as conn:
        return await _read(conn, order, window)


async def _read(conn: Connection, order: Order, window: timedelta) -> Outcome:
    listed = await statements.get_listed(conn, order)
    if "reversed" in listed:
        return Reversed(None, "statement_reversed")
    if "paid" in listed:
        return Done(None, "statement_paid")
    covered = await statements.is_covered(conn, order.order_id, window)
    return outcomes.NotFound("not_on_statement") if covered else NOT_CONFIGURED
