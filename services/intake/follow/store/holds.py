"""Whether what was held counts: the latest decision about each submission."""

from uuid import UUID

from shared.db import Connection
from shared.events import HoldEnded, HoldOutcome

_PUT = """
    WITH put AS (
        INSERT INTO holds (submission_id, number, outcome, ended_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT holds_pkey DO UPDATE
        SET number = excluded.number, outcome = excluded.outcome, ended_at = excluded.ended_at
        WHERE holds.number < excluded.number RETURNING submission_id
    )
    INSERT INTO story_news (submission_id) SELECT submission_id FROM put RETURNING true
"""


async def put(conn: Connection, event: HoldEnded) -> bool:
    """Take over a decision, and tell who counts; False when a later one is here."""
    row = (event.submission_id, event.number, event.outcome, event.ended_at)
    return bool(await conn.fetchval(_PUT, *row))


async def outcome_of(conn: Connection, submission_id: UUID) -> HoldOutcome | None:
    """What was decided; None as long as it waits."""
    found: HoldOutcome | None = await conn.fetchval(
        "SELECT outcome FROM holds WHERE submission_id = $1", submission_id
    )
    return found
