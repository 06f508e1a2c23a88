"""The steps of each submission's story, one row a fact, append-only."""

from uuid import UUID

from services.intake.follow.story import Entry
from shared.db import Connection


async def add(conn: Connection, submission_id: UUID, key: str, entry: Entry) -> bool:
    """Add a step, and tell who counts; False when this very step (by its key) is there already."""
    done = await conn.fetchval(
        """
        WITH added AS (
            INSERT INTO timeline (submission_id, step, key, at, details)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT ON CONSTRAINT timeline_pkey DO NOTHING RETURNING submission_id
        )
        INSERT INTO story_news (submission_id) SELECT submission_id FROM added RETURNING true
        """,
        submission_id, entry.step, key, entry.at, entry.details,
    )  # fmt: skip
    return bool(done)


async def list_of(conn: Connection, submission_id: UUID) -> list[Entry]:
    """A submission's steps by the time at which they happened, whenever they were heard of."""
    rows = await conn.fetch(
        "SELECT step, at, details FROM timeline WHERE submission_id = $1 ORDER BY at, stored_at",
        submission_id,
    )
    return [Entry(**dict(row)) for row in rows]
