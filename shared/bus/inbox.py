"""The inbox: every event is handled once, in one transaction with its effects.

    batch from the broker ──▶ ids + effects + COMMIT ──▶ ack
          │ a handler failed, or delivered for the 3rd time
          ▼
       pending ──▶ alone, with back-off ──▶ handled
          │ attempts used up, Reject, or unreadable
          ▼
       parked ──▶ a person looks, mends, replays

The broker is only transport: retries and dead letters are rows of `inbox_pending`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from pydantic import ValidationError

from shared import db, flows
from shared.bus import outbox
from shared.bus.consuming import Delivery
from shared.db import Connection, Database
from shared.errors import Reject, Retry
from shared.events import Envelope, Event
from shared.observe import log, metrics, trace

# Each handler takes its own event class, which a mapping of them cannot express.
Handler = Callable[[Connection, Any], Awaitable[None]]

MAX_ATTEMPTS = 12
STORM = 3
CLAIM = 50
DAYS_AHEAD = 3

_SEEN = """
    INSERT INTO inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id
    ON CONFLICT DO NOTHING RETURNING event_id
"""
_STORE = """
    INSERT INTO inbox_pending (consumer, event_id, type, body, state, error, parked_at)
    SELECT $1, m.event_id, m.type, m.body, $5, $6, CASE WHEN $5 = 'parked' THEN now() END
    FROM unnest($2::uuid[], $3::text[], $4::text[]) AS m (event_id, type, body)
    ON CONFLICT DO NOTHING
"""
# The attempt is counted and committed before the handler runs, so that a handler that kills the
# process uses up its attempts too.
_CLAIM = """
    UPDATE inbox_pending SET attempts = attempts + 1,
        next_at = now() + make_interval(secs => least(power(2, attempts), 600))
    WHERE (consumer, event_id) IN (
        SELECT consumer, event_id FROM inbox_pending
        WHERE state = 'pending' AND next_at <= now() AND consumer = $1
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING event_id, type, body, attempts
"""
_DONE = "DELETE FROM inbox_pending WHERE consumer = $1 AND event_id = $2"
_FAILED = """
    UPDATE inbox_pending SET error = $3,
        state = CASE WHEN $4 THEN 'parked' ELSE 'pending' END,
        parked_at = CASE WHEN $4 THEN now() END,
        next_at = CASE WHEN $5::float8 IS NULL THEN next_at
                       ELSE now() + make_interval(secs => $5) END
    WHERE consumer = $1 AND event_id = $2
"""
_COUNTS = "SELECT state, count(*) FROM inbox_pending GROUP BY state"


class Unreadable(Reject):
    """Not an envelope, or not an event that this service hears."""


@dataclass(frozen=True)
class Received:
    """A message under the id by which it is known, readable or not."""

    event_id: UUID
    type: str
    body: str


@dataclass(frozen=True)
class Pending(Received):
    """A stored message at its n-th attempt."""

    attempts: int


class Inbox:
    """What one service hears, and what it does with it."""

    def __init__(
        self, database: Database, service: str, handlers: Mapping[type[Event], Handler]
    ) -> None:
        self._db, self._service = database, service
        self._handlers = {event.TYPE: (event, handler) for event, handler in handlers.items()}

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Handle or safely store a batch; when this returns, it may be acknowledged.

        Keeps trying while the database is away, since the messages are safe in the broker.
        """
        pause = 0.2
        while True:
            try:
                return await self._take(deliveries)
            except db.AWAY as error:
                log.get().warning("inbox paused", error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        fresh: list[tuple[Received, Envelope, Event]] = []
        for delivery in deliveries:
            received = _identify(delivery)
            if delivery.times >= STORM:
                await self._store([received], "pending", f"delivered {delivery.times} times")
                continue
            try:
                fresh.append((received, *self._read(received)))
            except Unreadable as error:
                await self._store([received], "parked", str(error))
        if fresh:
            await self._handle_batch(fresh)

    async def _handle_batch(self, batch: list[tuple[Received, Envelope, Event]]) -> None:
        try:
            async with self._db.transaction() as conn, outbox.collecting(conn):
                ids = [received.event_id for received, _, _ in batch]
                rows = await conn.fetch(_SEEN, self._service, ids)
                new = {row["event_id"] for row in rows}
                for received, envelope, event in batch:
                    if received.event_id in new:
                        new.discard(received.event_id)
                        await self._handle(conn, envelope, event)
        except Exception as error:
            if not isinstance(error, Retry):
                log.get().warning("batch failed", error=repr(error), size=len(batch))
            await self._store([received for received, _, _ in batch], "pending", repr(error))
            return
        for received, _, _ in batch:
            metrics.EVENTS_HANDLED.labels(received.type, "handled").inc()

    async def _handle(self, conn: Connection, envelope: Envelope, event: Event) -> None:
        trace.start(envelope.traceparent)
        structlog.contextvars.bind_contextvars(event_type=envelope.type, event_id=str(envelope.id))
        started = time.perf_counter()
        try:
            await self._handlers[envelope.type][1](conn, event)
        finally:
            metrics.HANDLER_SECONDS.labels(envelope.type).observe(time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("event_type", "event_id")

    def _read(self, received: Received) -> tuple[Envelope, Event]:
        try:
            envelope = Envelope.model_validate_json(received.body)
            if envelope.type not in self._handlers:
                raise Unreadable(f"no handler for {envelope.type!r}")
            return envelope, self._handlers[envelope.type][0].model_validate(envelope.data)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise Unreadable(f"malformed: {wrong}") from None

    async def _store(self, messages: Sequence[Received], state: str, error: str) -> None:
        async with self._db.transaction() as conn:
            await conn.execute(
                _STORE,
                self._service,
                [m.event_id for m in messages],
                [m.type for m in messages],
                [m.body for m in messages],
                state,
                error,
            )
        for message in messages:
            metrics.EVENTS_HANDLED.labels(_known(message.type), state).inc()
        if state == "parked":
            log.get().error("event parked", event_id=str(messages[0].event_id), reason=error)

    async def retry(self) -> int:
        """Run what is pending and due, each alone; how many were claimed."""
        async with self._db.acquire() as conn:
            rows = await conn.fetch(_CLAIM, self._service, CLAIM)
        for row in rows:
            await self._run_alone(Pending(**dict(row)))
        return len(rows)

    async def _run_alone(self, pending: Pending) -> None:
        try:
            envelope, event = self._read(pending)
            async with self._db.transaction() as conn:
                if await conn.fetch(_SEEN, self._service, [pending.event_id]):
                    await self._handle(conn, envelope, event)
                await conn.execute(_DONE, self._service, pending.event_id)
        except Exception as error:
            await self._failed(pending, error)
        else:
            metrics.EVENTS_HANDLED.labels(_known(pending.type), "handled").inc()

    async def _failed(self, pending: Pending, error: Exception) -> None:
        park = isinstance(error, Reject) or pending.attempts >= MAX_ATTEMPTS
        after = error.after.total_seconds() if isinstance(error, Retry) else None
        async with self._db.acquire() as conn:
            await conn.execute(_FAILED, self._service, pending.event_id, repr(error), park, after)
        say = log.get().error if park else log.get().warning
        say(
            "event parked" if park else "event failed",
            event_id=str(pending.event_id),
            event_type=_known(pending.type),
            attempts=pending.attempts,
            error=repr(error),
            exc_info=error if not isinstance(error, (Retry, Reject)) else None,
        )
        metrics.EVENTS_HANDLED.labels(_known(pending.type), "parked" if park else "failed").inc()


async def observe(database: Database) -> None:
    """Set the inbox gauges."""
    async with database.acquire() as conn:
        counts = {row["state"]: row["count"] for row in await conn.fetch(_COUNTS)}
    metrics.INBOX_PENDING_EVENTS.set(counts.get("pending", 0))
    metrics.INBOX_PARKED_EVENTS.set(counts.get("parked", 0))


async def keep_days(database: Database, retention: timedelta | None) -> None:
    """Make the next days' partitions; drop those past the retention (None keeps all for ever)."""
    async with database.acquire() as conn:
        await conn.execute(
            "SELECT inbox_add_day(current_date + n) FROM generate_series(-1, $1) AS n", DAYS_AHEAD
        )
        if retention is not None:
            await conn.execute("SELECT inbox_drop_before((now() - $1::interval)::date)", retention)


def _identify(delivery: Delivery) -> Received:
    body = delivery.body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    try:
        event_id = UUID(delivery.message_id or "")
    except ValueError:
        # No id of its own: the same bytes always get the same one.
        event_id = uuid5(NAMESPACE_URL, f"{delivery.type} {body}")
    return Received(event_id, delivery.type, body)


def _known(event_type: str) -> str:
    # Anything else would let a stranger invent metric labels.
    return event_type if event_type in flows.EVENTS else "unknown"
