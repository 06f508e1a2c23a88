"""What commands do to rewards: a vendor's statement is taken in, all of its rows or none.

All functions run in the caller's transaction on a connection of the service.
"""

from dataclasses import dataclass
from datetime import date

from services.rewards.providers.protocol import NotAStatement
from services.rewards.providers.registry import ADAPTERS
from services.rewards.store import earlier, rewards, statements
from shared.db import Connection
from shared.errors import Misconfigured

__all__ = ["Imported", "NotAStatement", "import_statement"]


@dataclass(frozen=True)
class Imported:
    """What was taken: rows, how many of them new, and orders in it that are none of ours."""

    day: date
    rows: int
    added: int
    strange: int


async def import_statement(
    conn: Connection, vendor: str, raw: bytes, day: date | None = None
) -> Imported:
    """Take in a day that is over. NotAStatement names the bad rows; nothing is stored then.

    Each order of ours that it sees otherwise than we do is asked about. Rows only ever come in
    addition: a later file of the same day takes nothing back.
    """
    if vendor not in ADAPTERS:
        raise Misconfigured(f"no vendor {vendor!r}; known: {', '.join(ADAPTERS)}")
    statement = ADAPTERS[vendor].read_statement(raw, day)
    if statement.closed_at > await rewards.get_now(conn):
        raise NotAStatement((1, f"{statement.day} is not over, so its statement is not closed"))
    await statements.add(conn, vendor, statement.day, statement.opened_at, statement.closed_at)
    added = strange = 0
    for row in statement.rows:
        added += await statements.add_order(
            conn, vendor, statement.day, row.order_id, row.outcome, row.vendor_ref, row.product,
            row.amount_fen,
        )  # fmt: skip
        strange += not await _compare(conn, vendor, row.order_id, row.outcome)
    return Imported(statement.day, len(statement.rows), added, strange)


async def _compare(conn: Connection, vendor: str, order_id: str, outcome: str) -> bool:
    known, ours = await statements.get_outcome(conn, vendor, order_id)
    if known and ours not in (outcome, "reversed"):
        await rewards.mark_due(conn, vendor, order_id)
        await earlier.mark_due(conn, vendor, order_id)
    return known
