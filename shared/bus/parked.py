"""The dead-letter console's queries: list, show and replay parked events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True)
class Parked:
    """An event that a person must look at. `body` is the envelope as it came (phones sealed)."""

    event_id: UUID
    type: str
    attempts: int
    error: str | None
    parked_at: datetime
    body: str


async def list_parked(conn: Connection, limit: int = 100) -> list[Parked]:
    """The longest parked first."""
    rows = await conn.fetch(
        """SELECT event_id, type, attempts, error, parked_at, body FROM inbox_pending
           WHERE state = 'parked' ORDER BY parked_at, event_id LIMIT $1""",
        limit,
    )
    return [Parked(**dict(row)) for row in rows]


async def get_parked(conn: Connection, event_id: UUID) -> Parked | None:
    """One parked event."""
    row = await conn.fetchrow(
        """SELECT event_id, type, attempts, error, parked_at, body FROM inbox_pending
           WHERE state = 'parked' AND event_id = $1""",
        event_id,
    )
    return Parked(**dict(row)) if row else None


async def replay(conn: Connection, event_id: UUID | None = None) -> int:
    """Give one parked event, or all, a fresh set of attempts; how many."""
    rows = await conn.fetch(
        """UPDATE inbox_pending SET state = 'pending', parked_at = NULL, attempts = 0,
                  next_at = now(), alone = false
           WHERE state = 'parked' AND ($1::uuid IS NULL OR event_id = $1) RETURNING 1""",
        event_id,
    )
    return len(rows)
