"""Whether what was held counts: the latest decision about each submission."""

from uuid import UUID

from services.intake.follow.story import Waits
from shared.db import Connection
from shared.events import HoldEnded

_PUT = """
    WITH put AS (
        INSERT INTO holds (submission_id, number, outcome, ended_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT holds_pkey DO UPDATE
        SET number = excluded.number, outcome = excluded.outcome, ended_at = excluded.ended_at
        WHERE holds.number < excluded.number RETURNING submission_id
    )
    INSERT INTO story_news (submission_id) SELECT submission_id FROM put RETURNING true
"""
_WAITS = """
    SELECT h.outcome FROM submissions s LEFT JOIN holds h ON h.submission_id = s.id
    WHERE s.id = $1 AND s.details ? 'held'
"""


async def put(conn: Connection, event: HoldEnded) -> bool:
    """Take over a decision, and tell who counts; False when a later one is here."""
    row = (event.submission_id, event.number, event.outcome, event.ended_at)
    return bool(await conn.fetchval(_PUT, *row))


async def waits(conn: Connection, submission_id: UUID) -> Waits | None:
    """Whether it waits for a person, or was set aside by one; None for what is under way."""
    row = await conn.fetchrow(_WAITS, submission_id)
    if row is None or row["outcome"] == "released":
        return None
    return "set_aside" if row["outcome"] else "held"
