"""What citizens added to their submissions, which nobody changes either."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db import Connection
from shared.events import SubmissionAdded


class Added(NamedTuple):
    """What is stored of an addition under its key."""

    id: UUID
    number: int
    content_hash: bytes
    added_at: datetime


_FOUND = "id, number, content_hash, added_at"


async def take_turn(conn: Connection, submission_id: UUID) -> None:
    """One addition to a submission at a time; until the transaction ends."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(submission_id)
    )


async def get_by_key(conn: Connection, key_hash: bytes) -> Added | None:
    """The addition that was sent under a key."""
    row = await conn.fetchrow(
        f"SELECT {_FOUND} FROM additions WHERE key_hash = $1",  # noqa: S608
        key_hash,
    )
    return Added(*row) if row else None


async def count(conn: Connection, submission_id: UUID) -> int:
    """How many there are."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM additions WHERE submission_id = $1", submission_id
        )
    )


async def add(
    conn: Connection, event: SubmissionAdded, key_hash: bytes, content_hash: bytes
) -> Added:
    """Store what was added, as it is told."""
    await conn.execute(
        """
        INSERT INTO additions (id, submission_id, number, key_hash, content_hash, categories,
            words_sealed, officer_badge, officer_typed_sealed, attachments, why, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        event.addition_id, event.submission_id, event.number, key_hash, content_hash,
        event.categories, event.words_sealed, event.officer_badge, event.officer_typed_sealed,
        event.attachments, event.why, event.added_at,
    )  # fmt: skip
    return Added(event.addition_id, event.number, content_hash, event.added_at)
