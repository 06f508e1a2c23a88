"""What is forgotten by the clock."""

from services.intake.abuse import store
from shared.db import Database


async def forget(database: Database) -> None:
    """Remove the counts whose window is over."""
    async with database.acquire() as conn:
        await store.remove_old(conn)
