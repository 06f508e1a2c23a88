"""What commands do to scoring: ledgers and figures are compared with a recount from the cases.

All functions run in the caller's transaction on a connection of the service.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from services.scoring import recount
from services.scoring.store import figures, held
from services.scoring.store.compared import KNOWN
from shared.db import Connection
from shared.policy import Policies

__all__ = ["KNOWN", "Recounted", "recount_all"]


@dataclass
class Recounted:
    """How many verdicts there were, and how much stands otherwise than they say."""

    verdicts: int = 0
    differences: int = 0


async def recount_all(
    conn: Connection, policies: Policies, tell: Callable[[str], None]
) -> Recounted:
    """Every balance, strike, sanction, criticism, clearing note and figure at one moment.

    The first in its transaction. Each difference is told by a line when it is found: in memory is
    one unit or officer at a time, and nobody who scores a verdict meanwhile waits.
    """
    await held.begin(conn)
    done = Recounted()

    def differ(line: str) -> None:
        done.differences += 1
        tell(line)

    async for line in held.list_broken(conn):
        differ(line)
    for whose in get_args(held.Whose):
        count = recount.COUNTS[whose]
        async for one in held.list_held(conn, whose):
            done.verdicts += len(one.found) if whose == "unit" else 0
            for line in recount.differences(count(one.whose, one.found, policies), one.books):
                differ(line)
    zone = policies.editions[-1].timezone
    shown = await figures.get_figures(conn, zone)
    counted = await figures.count_all(conn, zone, patient=True)
    for name in sorted(name for name, number in counted.items() if number != shown[name]):
        differ(f"figures: {name}: {shown[name]} stands there, {counted[name]} by the cases")
    return done
