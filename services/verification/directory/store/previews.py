"""Files of the directory that somebody has looked at and not yet imported, sealed."""

from datetime import timedelta
from uuid import UUID

from shared.db import Connection

# So long a file waits for its "yes"; then it is sent again.
KEPT = timedelta(hours=1)


async def add_preview(conn: Connection, preview_id: UUID, username: str, sealed: bytes) -> None:
    """Keep a file for whoever sent it."""
    await conn.execute(
        "INSERT INTO import_previews (preview_id, username, file_sealed) VALUES ($1, $2, $3)",
        preview_id, username, sealed,
    )  # fmt: skip


async def get_preview(conn: Connection, preview_id: UUID, username: str) -> bytes | None:
    """Their file, as long as it waits."""
    sealed: bytes | None = await conn.fetchval(
        """SELECT file_sealed FROM import_previews
           WHERE preview_id = $1 AND username = $2 AND made_at > mashang_now() - $3::interval""",
        preview_id, username, KEPT,
    )  # fmt: skip
    return sealed


async def remove_preview(conn: Connection, preview_id: UUID) -> None:
    """It was imported."""
    await conn.execute("DELETE FROM import_previews WHERE preview_id = $1", preview_id)


async def remove_old(conn: Connection) -> None:
    """Forget files that nobody imported."""
    await conn.execute(
        "DELETE FROM import_previews WHERE made_at <= mashang_now() - $1::interval", KEPT
    )
