"""All messages as operators, reports and figures see them."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from services.notifications.rules import Purpose, State
from shared.db import Connection

_HURRY = """
    UPDATE messages SET next_at = now()
    WHERE message_id = ANY($1::uuid[]) AND state IN ('accepted', 'unknown') AND next_at > now()
"""
_RELEASE = """
    WITH released AS (
        UPDATE messages SET state = 'queued', version = version + 1, next_at = now()
        WHERE message_id = $1 AND state = 'held' RETURNING message_id, version, state)
    INSERT INTO message_states (message_id, version, state, code)
    SELECT message_id, version, state, 'released' FROM released RETURNING message_id
"""
_HELD = """
    SELECT message_id, case_id, purpose, code, attempt, created_at FROM messages
    WHERE state = 'held' ORDER BY message_id LIMIT $1
"""
_COUNTS = "SELECT purpose, state, count(*) FROM messages GROUP BY purpose, state"


async def mark_hinted(conn: Connection, message_ids: Sequence[UUID]) -> None:
    """Ask about these now."""
    await conn.execute(_HURRY, list(message_ids))


async def mark_released(conn: Connection, message_id: UUID) -> bool:
    """Queue a held message again; False if it is not held."""
    return await conn.fetchval(_RELEASE, message_id) is not None


async def list_held(conn: Connection, limit: int) -> list[Record]:
    """Oldest first, without anything personal."""
    return list(await conn.fetch(_HELD, limit))


async def get_counts(conn: Connection) -> dict[tuple[Purpose, State], int]:
    """Messages by purpose and state."""
    return {(row["purpose"], row["state"]): row["count"] for row in await conn.fetch(_COUNTS)}
