"""Drafts: what an operator has written on a case's page and not sent yet, sealed."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Connection


async def get(conn: Connection, case_id: UUID, username: str) -> tuple[str, datetime] | None:
    """An operator's draft on a case, and when it was kept."""
    row = await conn.fetchrow(
        "SELECT typed_sealed, saved_at FROM drafts WHERE case_id = $1 AND username = $2",
        case_id, username,
    )  # fmt: skip
    return (row["typed_sealed"], row["saved_at"]) if row else None


async def put(conn: Connection, case_id: UUID, username: str, sealed: str) -> datetime:
    """Keep a draft in place of the one before; when that was."""
    at: datetime = await conn.fetchval(
        """INSERT INTO drafts (case_id, username, typed_sealed) VALUES ($1, $2, $3)
           ON CONFLICT (case_id, username)
           DO UPDATE SET typed_sealed = excluded.typed_sealed, saved_at = mashang_now()
           RETURNING saved_at""",
        case_id, username, sealed,
    )  # fmt: skip
    return at


async def delete(conn: Connection, case_id: UUID, username: str) -> None:
    """Forget a draft, if there is one."""
    await conn.execute("DELETE FROM drafts WHERE case_id = $1 AND username = $2", case_id, username)


async def delete_old(conn: Connection, kept: timedelta) -> None:
    """Forget what nobody has come back to."""
    await conn.execute("DELETE FROM drafts WHERE saved_at < mashang_now() - $1::interval", kept)
