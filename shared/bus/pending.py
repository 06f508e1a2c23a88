"""What the inbox could not handle at once: stored, claimed again, in the end done or parked.

    stored ──▶ claimed with others ──▶ one transaction for all ──▶ done
      │ a batch with it failed, or never ended     │ failed
      ▼                                            ▼
    to be run alone ◀──────────────────────────────┘
      │ counted, committed, run ──▶ done
      ▼ failed: back-off, then with others again · attempts used up ──▶ parked

A claim is a lease: it is committed before any handler runs. So an event that kills the process has
its attempt counted, and what was claimed with it loses none. An error is kept as logs tell it, as
the console shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from shared.db import Connection, Database
from shared.observe import metrics
from shared.observe.log import masked

LEASE = timedelta(seconds=60)

# What only stands in a line behind others has not failed, and is not noted.
_STORE = """
    WITH stored AS (
        INSERT INTO inbox_pending (consumer, event_id, type, body, state, alone, error, parked_at)
        SELECT $1, m.event_id, m.type, m.body, $5, $6, $7, CASE WHEN $5 = 'parked' THEN now() END
        FROM unnest($2::uuid[], $3::text[], $4::text[]) AS m (event_id, type, body)
        ORDER BY m.event_id ON CONFLICT DO NOTHING RETURNING event_id)
    INSERT INTO inbox_failures (consumer, event_id, attempt, error, parked)
    SELECT $1, event_id, 0, $7, $5 = 'parked' FROM stored WHERE $6 OR $5 = 'parked'
"""
_CLAIM = """
    UPDATE inbox_pending SET alone = true, next_at = now() + $3::interval,
        attempts = attempts + $4::bool::int
    WHERE (consumer, event_id) IN (
        SELECT consumer, event_id FROM inbox_pending
        WHERE state = 'pending' AND next_at <= now() AND consumer = $1 AND alone = $4
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING event_id, type, body, attempts, $4::bool AS counted
"""
_DONE = "DELETE FROM inbox_pending WHERE consumer = $1 AND event_id = ANY($2::uuid[])"
_RELEASE = """
    UPDATE inbox_pending SET next_at = now() + $4::interval, alone = $6,
        attempts = attempts - $5::bool::int, error = $3
    WHERE consumer = $1 AND event_id = ANY($2::uuid[]) AND state = 'pending'
"""
_FAILED = """
    WITH failed AS (
        UPDATE inbox_pending SET error = $3, alone = false, next_at = now() + coalesce($4::interval,
            make_interval(secs => least(power(2, greatest(attempts - 1, 0)), 600)))
        WHERE consumer = $1 AND event_id = $2 RETURNING attempts)
    INSERT INTO inbox_failures (consumer, event_id, attempt, error, parked)
    SELECT $1, $2, attempts, $3, false FROM failed
"""
_EXCUSED = """
    UPDATE inbox_pending SET error = $3, attempts = attempts - 1, next_at = now() + $4::interval
    WHERE consumer = $1 AND event_id = $2
"""
_PARK = """
    WITH parked AS (
        UPDATE inbox_pending SET error = $3, state = 'parked', parked_at = now()
        WHERE consumer = $1 AND event_id = $2 RETURNING attempts)
    INSERT INTO inbox_failures (consumer, event_id, attempt, error, parked)
    SELECT $1, $2, attempts, $3, true FROM parked
"""
_COUNTS = """
    SELECT state, count(*), extract(epoch FROM now() - min(stored_at))::float8 AS age
    FROM inbox_pending GROUP BY state
"""


@dataclass(frozen=True)
class Received:
    """A message under the id by which it is known, readable or not."""

    event_id: UUID
    type: str
    body: str


@dataclass(frozen=True)
class Pending(Received):
    """A stored message at its n-th attempt; `counted` if this claim is one."""

    attempts: int
    counted: bool


async def store(
    conn: Connection,
    consumer: str,
    messages: Sequence[Received],
    error: str,
    *,
    state: Literal["pending", "parked"] = "pending",
    alone: bool = False,
) -> None:
    """Keep messages that were not handled; what is kept already stays as it is."""
    columns = zip(*((m.event_id, m.type, m.body) for m in messages), strict=True)
    await conn.execute(_STORE, consumer, *map(list, columns), state, alone, masked(error))


async def claim_batch(conn: Connection, consumer: str, limit: int) -> list[Pending]:
    """What is due and may be run together; no attempt is counted."""
    return await _claim(conn, consumer, limit, counted=False)


async def claim_one(conn: Connection, consumer: str) -> list[Pending]:
    """The next that must be run alone, if there is one; its attempt is counted."""
    return await _claim(conn, consumer, 1, counted=True)


async def _claim(conn: Connection, consumer: str, limit: int, *, counted: bool) -> list[Pending]:
    rows = await conn.fetch(_CLAIM, consumer, limit, LEASE, counted)
    return [Pending(**dict(row)) for row in rows]


async def add_done(conn: Connection, consumer: str, messages: Sequence[Received]) -> None:
    """They are handled: in the transaction that handled them."""
    await conn.execute(_DONE, consumer, [one.event_id for one in messages])


async def release(
    conn: Connection,
    consumer: str,
    claimed: Sequence[Pending],
    error: str,
    after: timedelta,
    *,
    alone: bool,
) -> None:
    """Due again after a while, together or each alone.

    No attempt is counted: not theirs failed, but their batch, or the server.
    """
    ids, counted = [one.event_id for one in claimed], claimed[0].counted
    await conn.execute(_RELEASE, consumer, ids, masked(error), after, counted, alone)


async def mark_failed(
    conn: Connection, consumer: str, event_id: UUID, error: str, after: timedelta | None
) -> None:
    """Due again after a while that grows with the attempts, unless `after` says when."""
    await conn.execute(_FAILED, consumer, event_id, masked(error), after)


async def mark_excused(
    conn: Connection, consumer: str, event_id: UUID, error: str, after: timedelta
) -> None:
    """Due again after a while; the attempt was not its own fault and is given back."""
    await conn.execute(_EXCUSED, consumer, event_id, masked(error), after)


async def park(conn: Connection, consumer: str, event_id: UUID, error: str) -> None:
    """It waits for a person."""
    await conn.execute(_PARK, consumer, event_id, masked(error))


async def observe(database: Database) -> None:
    """Set the inbox gauges."""
    async with database.acquire() as conn:
        found = {row["state"]: row for row in await conn.fetch(_COUNTS)}
    counts = {state: row["count"] for state, row in found.items()}
    metrics.INBOX_PENDING_EVENTS.set(counts.get("pending", 0))
    metrics.INBOX_PARKED_EVENTS.set(counts.get("parked", 0))
    metrics.INBOX_PENDING_AGE_SECONDS.set(found["pending"]["age"] if "pending" in found else 0)
