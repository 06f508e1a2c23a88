"""The transactional outbox: `publish` writes a row, the relay brings it to the broker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from shared import db, flows
from shared.bus.publishing import Letter
from shared.db import Connection, Database
from shared.errors import NotOurEvent
from shared.events import Event, wrap
from shared.observe import metrics

CHANNEL = "mashang_outbox"

_ADD = """
    INSERT INTO outbox (event_id, type, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
"""

_DEPTH = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox"


def letter(event: Event, producer: str, traceparent: str | None = None) -> Letter:
    """The event as it will travel, in the present trace or a given one.

    NotOurEvent when FLOWS gives it to another service.
    """
    owner = flows.producer_of(type(event))
    if owner != producer:
        raise NotOurEvent(f"{event.TYPE} belongs to {owner}, not to {producer}")
    event_id, body = wrap(event, producer, traceparent)
    return Letter(event_id, event.TYPE, body)


async def publish(conn: Connection, event: Event, traceparent: str | None = None) -> UUID:
    """Store an event in the present transaction; it leaves after COMMIT, or never. Its id.

    In the present trace, unless another is given.
    """
    row = letter(event, db.service_of(conn), traceparent)
    held = db.holding(conn).held
    if held is None:
        await _add(conn, [row])
    else:
        held.append(row)
    return row.event_id


@asynccontextmanager
async def collecting(conn: Connection) -> AsyncIterator[None]:
    """Store everything published inside with one statement, at the end of a batch of handlers.

    Except what a savepoint published that rolled back.
    """
    own = db.holding(conn)
    own.hold()
    try:
        yield
    finally:
        letters: list[Letter] = own.let_go()
    if letters:
        await _add(conn, letters)


async def _add(conn: Connection, rows: Sequence[Letter]) -> None:
    ids, types, bodies = zip(*((r.event_id, r.type, r.body) for r in rows), strict=True)
    await conn.execute(_ADD, ids, types, bodies)


async def hint(conn: Connection) -> None:
    """Wake the relays of other processes, for commands that publish without running one."""
    await conn.execute(f"NOTIFY {CHANNEL}")


async def observe(database: Database) -> None:
    """Set the outbox gauges."""
    async with database.acquire() as conn:
        depth, age = await conn.fetchrow(_DEPTH) or (0, 0)
    metrics.OUTBOX_EVENTS.set(depth)
    metrics.OUTBOX_AGE_SECONDS.set(float(age))
