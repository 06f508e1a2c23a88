"""Who has a case open, as long as their page says so."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Connection

_LIST = """
    SELECT case_id, array_agg(name ORDER BY name) AS names
    FROM presences JOIN operators USING (username)
    WHERE seen_at > $2::timestamptz - $3::interval AND username <> $1 GROUP BY case_id
"""


async def put(conn: Connection, case_id: UUID, username: str, now: datetime) -> None:
    """Somebody has it open, if they may see it at all."""
    await conn.execute(
        """INSERT INTO presences (case_id, username, seen_at)
           SELECT case_id, $2, $3 FROM cases WHERE case_id = $1
           ON CONFLICT (case_id, username) DO UPDATE SET seen_at = excluded.seen_at""",
        case_id, username, now,
    )  # fmt: skip


async def remove(conn: Connection, case_id: UUID, username: str) -> None:
    """They have left it."""
    await conn.execute(
        "DELETE FROM presences WHERE case_id = $1 AND username = $2", case_id, username
    )


async def list_others(
    conn: Connection, username: str, now: datetime, fresh: timedelta
) -> dict[UUID, list[str]]:
    """The names of those who have a case open, by case, but whoever asks."""
    rows = await conn.fetch(_LIST, username, now, fresh)
    return {row["case_id"]: row["names"] for row in rows}


async def remove_old(conn: Connection, kept: timedelta) -> None:
    """Forget those whose page ended with an instance, and so never said that they left."""
    await conn.execute("DELETE FROM presences WHERE seen_at < mashang_now() - $1::interval", kept)
