"""What a person does about waiting events: replay or discard, with who, when and why on record.

    begin ──▶ step, step, … each a transaction of BATCH events ──▶ ended

An act means what waits at its beginning, so it comes to an end though events go on failing. Any
process of the service goes on with an act that has not ended; a lock lets one at a time.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from shared.console import payload
from shared.console.waiting import Wanted, list_kinds
from shared.db import Connection, Database
from shared.errors import Conflict
from shared.observe import log

What = Literal["replay", "discard"]
BATCH = 100
PAGE = 50
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('console act'), $1::int)"
_BEGIN = """
    INSERT INTO console_acts (act, username, reason, asked, number) VALUES ($1, $2, $3, $4, $5)
    RETURNING act_id
"""
_END = "INSERT INTO console_ends (act_id) VALUES ($1)"
_OPEN = """
    SELECT act_id FROM console_acts a WHERE act <> 'level'
      AND NOT EXISTS (SELECT FROM console_ends e WHERE e.act_id = a.act_id)
    ORDER BY act_id LIMIT 1
"""
# An event is meant once: what is replayed by an act and fails again is for another one.
_CHOSEN = """
    SELECT event_id FROM inbox_pending p
    WHERE state = $1 AND ($2 = '' OR type = $2)
      AND ($3 = '' OR strpos(lower(coalesce(error, '')), lower($3)) > 0)
      AND coalesce(parked_at, stored_at) <= $4 AND ($5::uuid IS NULL OR event_id = $5)
      AND NOT EXISTS (SELECT FROM console_events e WHERE e.act_id = $6 AND e.event_id = p.event_id)
    ORDER BY coalesce(parked_at, stored_at), event_id LIMIT $7
"""
_REPLAY = """
    UPDATE inbox_pending SET state = 'pending', parked_at = NULL, next_at = now(), alone = false,
        attempts = CASE WHEN p.state = 'parked' THEN 0 ELSE p.attempts END
    FROM (SELECT consumer, event_id, state, attempts, coalesce(parked_at, stored_at) AS since
          FROM inbox_pending WHERE event_id = ANY($1::uuid[]) AND state = $2
          ORDER BY event_id FOR UPDATE) AS p
    WHERE inbox_pending.consumer = p.consumer AND inbox_pending.event_id = p.event_id
    RETURNING p.consumer, p.event_id, type, p.attempts, error, p.since, body
"""
# Whoever is just handling one of them holds its id, and removes the row: then it is not discarded.
# Once the id is ours nobody handles it again, though it be delivered once more.
_NEVER = """
    INSERT INTO inbox (consumer, event_id)
    SELECT consumer, event_id FROM inbox_pending
    WHERE event_id = ANY($1::uuid[]) AND state = $2 ORDER BY event_id ON CONFLICT DO NOTHING
"""
_DISCARD = """
    DELETE FROM inbox_pending WHERE event_id = ANY($1::uuid[]) AND state = $2
    RETURNING consumer, event_id, type, attempts, error,
        coalesce(parked_at, stored_at) AS since, body
"""
_NOTE = """
    INSERT INTO console_events (act_id, event_id, consumer, type, attempts, error, since,
        body_sha256, told)
    SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[],
        $7::timestamptz[], $8::bytea[], $9::text[])
"""
_ACT = """
    SELECT act_id, act, username, reason, asked, number, acted_at, ended_at,
        (SELECT count(*)::int FROM console_events e WHERE e.act_id = a.act_id) AS done
    FROM console_acts a LEFT JOIN console_ends USING (act_id)
"""
_GET = f"{_ACT} WHERE act_id = $1"
_LIST = f"{_ACT} WHERE act_id < $1 ORDER BY act_id DESC LIMIT $2"
_TOUCHED = """
    SELECT event_id, type, attempts, error, since, body_sha256, told, touched_at
    FROM console_events WHERE act_id = $1 ORDER BY touched_at, event_id LIMIT $2
"""


@dataclass(frozen=True)
class Act:
    """One of them: what for, how many it meant at its beginning and has done, when it was over."""

    act_id: int
    act: str
    username: str
    reason: str
    asked: dict[str, object]
    number: int
    acted_at: datetime
    ended_at: datetime | None
    done: int


@dataclass(frozen=True)
class Touched:
    """An event as it stood when an act came to it. `told` has nothing sealed in it."""

    event_id: UUID
    type: str
    attempts: int
    error: str | None
    since: datetime
    body_sha256: bytes
    told: str | None
    touched_at: datetime


async def begin(conn: Connection, act: What, username: str, reason: str, wanted: Wanted) -> int:
    """Its number; the first events are done at once, the rest by `carry_on`.

    Conflict if nothing that is wanted waits (any more).
    """
    now = await conn.fetchval("SELECT now()")
    number = sum(kind.number for kind in await list_kinds(conn, wanted, now))
    if not number:
        raise Conflict("refused.console_nothing")
    asked = wanted.model_copy(update={"until": wanted.until or now}).model_dump(mode="json")
    act_id = int(await conn.fetchval(_BEGIN, act, username, reason, asked, number))
    log.get().warning("events touched by hand", task=act, count=number, claim=act_id)
    await step(conn, act_id)
    return act_id


async def step(conn: Connection, act_id: int) -> int | None:
    """The next BATCH of an act, in the present transaction; how many, 0 at its end.

    None while another process is at it.
    """
    if not await conn.fetchval(_LOCK, act_id % 2**31):
        return None
    row = await conn.fetchrow(_GET, act_id)
    if row is None or row["ended_at"]:
        return 0
    wanted = Wanted.model_validate(row["asked"])
    values = wanted.values(row["acted_at"])
    chosen = await conn.fetch(_CHOSEN, *values, act_id, BATCH)
    ids = [one["event_id"] for one in chosen]
    touched = await (_replay if row["act"] == "replay" else _discard)(conn, ids, wanted)
    await _note(conn, act_id, touched, kept=row["act"] == "discard")
    if len(chosen) < BATCH:
        await conn.execute(_END, act_id)
    return len(touched)


async def _replay(conn: Connection, ids: list[UUID], wanted: Wanted) -> list[dict[str, object]]:
    return [dict(row) for row in await conn.fetch(_REPLAY, ids, wanted.state)]


async def _discard(conn: Connection, ids: list[UUID], wanted: Wanted) -> list[dict[str, object]]:
    await conn.execute(_NEVER, ids, wanted.state)
    return [dict(row) for row in await conn.fetch(_DISCARD, ids, wanted.state)]


async def _note(
    conn: Connection, act_id: int, touched: list[dict[str, object]], *, kept: bool
) -> None:
    bodies = [str(one["body"]) for one in touched]
    columns = [
        [one[name] for one in touched]
        for name in ("event_id", "consumer", "type", "attempts", "error", "since")
    ]
    hashes = [sha256(body.encode()).digest() for body in bodies]
    told = [payload.told(body) if kept else None for body in bodies]
    await conn.execute(_NOTE, act_id, *columns, hashes, told)


async def carry_on(database: Database) -> int:
    """One batch of the oldest act that is not over; how many events."""
    async with database.acquire() as conn:
        act_id = await conn.fetchval(_OPEN)
    if act_id is None:
        return 0
    async with database.transaction() as conn:
        return await step(conn, act_id) or 0


async def get_act(conn: Connection, act_id: int) -> Act | None:
    """One, with how far it has come."""
    row = await conn.fetchrow(_GET, act_id)
    return Act(**dict(row)) if row else None


async def list_acts(conn: Connection, before: int, limit: int = PAGE) -> list[Act]:
    """The newest first."""
    return [Act(**dict(row)) for row in await conn.fetch(_LIST, before, limit)]


async def list_touched(conn: Connection, act_id: int, limit: int = PAGE) -> list[Touched]:
    """The first of them."""
    return [Touched(**dict(row)) for row in await conn.fetch(_TOUCHED, act_id, limit)]
