"""What is shared and forgotten by the clock."""

from services.intake.abuse import store
from services.intake.abuse.tally import Tally
from shared.db import Database
from shared.values import clock


async def share(database: Database, tally: Tally) -> int:
    """Tell the table what this process counted, and learn what it comes to; how many places."""
    tally.forget(clock.now().timestamp())
    taken = tally.take()
    if not taken:
        return 0
    try:
        async with database.single() as conn:
            tally.learn(await store.share(conn, taken))
    except BaseException:
        tally.give_back(taken)
        raise
    return len(taken)


async def forget(database: Database) -> None:
    """Remove the counts whose window is over."""
    async with database.acquire() as conn:
        await store.remove_old(conn)
