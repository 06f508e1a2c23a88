"""What happens to photos and recordings by the clock."""

from datetime import timedelta

from services.intake.accept.store import attachments
from shared.db import Database
from shared.observe import log
from shared.storage import Storage

# A form may stand open for long; what it sent is still there when it is sent again.
ORPHAN_AFTER = timedelta(days=1)
LOOKED_AT_ONCE = 500
AT_ONCE = 20


async def release_orphans(database: Database) -> int:
    """Let go of what came and was never sent with a submission or an addition; how many it saw."""
    async with database.transaction() as conn:
        return await attachments.mark_orphans(conn, ORPHAN_AFTER, LOOKED_AT_ONCE)


async def remove_files(database: Database, storage: Storage | None) -> int:
    """Remove the files of what has been erased; how many.

    First committed as erased, then removed, then noted: a file that is removed twice does no harm.
    """
    async with database.acquire() as conn:
        erased = await attachments.list_erased(conn, AT_ONCE)
    if storage is None or not erased:
        return 0
    for one in erased:
        await storage.delete(one.name)
    async with database.transaction() as conn:
        await attachments.mark_removed(conn, [one.attachment_id for one in erased])
    log.get().info("attachments removed", count=len(erased))
    return len(erased)
