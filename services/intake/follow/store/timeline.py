"""The steps of each submission's story, one row a fact, append-only."""

import json
from collections.abc import Sequence
from uuid import UUID

from services.intake.follow.story import Entry
from shared.db import Connection

_ADD = """
    WITH added AS (
        INSERT INTO timeline (submission_id, step, key, at, details)
        SELECT submission_id, step, key, at, details::jsonb
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
            AS told (submission_id, step, key, at, details)
        ON CONFLICT ON CONSTRAINT timeline_pkey DO NOTHING RETURNING submission_id
    )
    INSERT INTO story_news (submission_id) SELECT submission_id FROM added RETURNING submission_id
"""


async def add(conn: Connection, submission_id: UUID, key: str, entry: Entry) -> bool:
    """Add a step, and tell who counts; False when this very step (by its key) is there already."""
    return bool(await add_all(conn, [(submission_id, key, entry)]))


async def add_all(conn: Connection, steps: Sequence[tuple[UUID, str, Entry]]) -> list[UUID]:
    """The same for many; the submissions of those that were not there."""
    rows = [
        (submission_id, entry.step, key, entry.at, json.dumps(entry.details, ensure_ascii=False))
        for submission_id, key, entry in steps
    ]
    added = await conn.fetch(_ADD, *map(list, zip(*rows, strict=True)))
    return [row["submission_id"] for row in added]


async def list_of(conn: Connection, submission_id: UUID) -> list[Entry]:
    """A submission's steps by the time at which they happened, whenever they were heard of."""
    rows = await conn.fetch(
        "SELECT step, at, details FROM timeline WHERE submission_id = $1 ORDER BY at, stored_at",
        submission_id,
    )
    return [Entry(**dict(row)) for row in rows]
