"""Where a vendor cannot be asked, its statements answer for it.

An order belongs to the vendor with which it was made. When that one is taken out of the settings,
its open orders are asked about nowhere else; and one that goes by ids of its own cannot be asked
about an order of which it never told the id. What its closed statements list, or prove absent, is
taken as its answer; everything else waits, visibly, for a statement or for the vendor's return.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from services.rewards.providers.protocol import UNASKABLE, Airtime
from services.rewards.rules.orders import Order, Sent
from services.rewards.store import orders, statements
from shared.db import Connection, Database
from shared.vendors import outcomes
from shared.vendors.errand import Errand
from shared.vendors.outcomes import Done, Outcome, Reversed, Unknown

NOT_CONFIGURED = Unknown("vendor_not_configured")


async def ask_all(
    database: Database,
    vendors: Sequence[Airtime],
    ask: Callable[[Airtime], Errand[Sent]],
    read: Callable[[str], Errand[Sent]],
) -> int:
    """A round of questions: each vendor is asked, the statements of the withdrawn ones are read."""
    async with database.acquire() as conn:
        withdrawn = await orders.list_withdrawn(conn, [vendor.name for vendor in vendors])
    errands = [*map(ask, vendors), *map(read, withdrawn)]
    return sum([await errand.run() for errand in errands])


def reading(
    asking: Errand[Sent],
    name: str,
    vendor: str,
    claim: Callable[[Connection, int], Awaitable[list[Sent]]],
    window: timedelta,
) -> Errand[Sent]:
    """The same work on what is `vendor`'s, of which its statements are asked instead."""

    async def look(sent: Sent) -> Outcome:
        return await look_up(asking.database, sent.order, window)

    return replace(asking, name=name, vendor=vendor, claim=claim, call=look)


async def ask(database: Database, vendor: Airtime, order: Order, window: timedelta) -> Outcome:
    """What became of an order, by its vendor if it can be asked."""
    outcome = await vendor.ask(order)
    if outcome != UNASKABLE:
        return outcome
    stated = await look_up(database, order, window)
    return outcome if stated == NOT_CONFIGURED else stated


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
