"""What commands do to scoring: the ledgers are compared with a recount from the cases.

All functions run in the caller's transaction on a connection of the service.
"""

from dataclasses import dataclass

from services.scoring import recount
from services.scoring.store import demands, held
from shared.db import Connection
from shared.policy import Policies

__all__ = ["Recounted", "recount_all"]


@dataclass(frozen=True)
class Recounted:
    """How many verdicts there were, and a line for each difference."""

    verdicts: int
    differences: list[str]


async def recount_all(conn: Connection, policies: Policies) -> Recounted:
    """Every balance, strike, sanction, criticism and clearing note, while no verdict is scored."""
    await demands.lock_verdicts(conn)
    found = [one async for one in held.list_found(conn)]
    counted = recount.count(found, policies)
    books = {name: await held.get_book(conn, name) for name in held.BOOKS}
    broken = await held.list_broken(conn)
    return Recounted(len(found), [*broken, *recount.differences(counted.books, books)])
