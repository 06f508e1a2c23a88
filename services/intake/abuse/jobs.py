"""What is forgotten by the clock."""

from services.intake.abuse import store
from services.intake.abuse.counts import Counts
from shared.db import Database
from shared.values import clock


async def share(database: Database, counts: Counts) -> int:
    """Tell the table what this process counted, and learn what it comes to; how many places."""
    counts.forget(clock.now().timestamp())
    taken = counts.take()
    if not taken:
        return 0
    try:
        async with database.single() as conn:
            counts.learn(await store.share(conn, taken))
    except BaseException:
        counts.give_back(taken)
        raise
    return len(taken)


async def forget(database: Database) -> None:
    """Remove the counts whose window is over."""
    async with database.acquire() as conn:
        await store.remove_old(conn)
