"""The transactional outbox: `publish` writes a row, the relay brings it to the broker.

The relay leases rows that nobody leases (SKIP LOCKED), commits, publishes with confirms, deletes
what was confirmed. It never keeps a cursor: ids become visible out of order, and a cursor skips.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from uuid import UUID

from shared import db, flows
from shared.bus import broker
from shared.bus.publishing import Letter, Publisher, Unroutable, open_publisher
from shared.db import Connection, Database
from shared.errors import NotOurEvent
from shared.events import Event, wrap
from shared.observe import log, metrics
from shared.tasks import Tasks

CHANNEL = "mashang_outbox"
LEASE_SECONDS = 15.0
UNROUTABLE_SECONDS = 5.0
BATCH = 500
POLL_SECONDS = 1.0

_collected: ContextVar[list[Letter] | None] = ContextVar("collected", default=None)

_ADD = """
    INSERT INTO outbox (event_id, type, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
"""

# A lost lease or a lost deletion only means publishing again under the same id, so these two need
# not wait for the disk.
_LEASE = """
    UPDATE outbox SET leased_until = now() + make_interval(secs => $2)
    WHERE seq IN (SELECT seq FROM outbox WHERE leased_until <= now()
                  ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING seq, event_id, type, body
"""
_DELETE = "DELETE FROM outbox WHERE event_id = ANY($1::uuid[])"
_POSTPONE = """
    UPDATE outbox SET leased_until = now() + make_interval(secs => $2)
    WHERE event_id = ANY($1::uuid[])
"""
_DEPTH = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox"


def letter(event: Event, producer: str) -> Letter:
    """The event as it will travel. NotOurEvent when FLOWS gives it to another service."""
    owner = flows.producer_of(type(event))
    if owner != producer:
        raise NotOurEvent(f"{event.TYPE} belongs to {owner}, not to {producer}")
    event_id, body = wrap(event, producer)
    return Letter(event_id, event.TYPE, body)


async def publish(conn: Connection, event: Event) -> UUID:
    """Store an event in the present transaction; it leaves after COMMIT, or never. Its id."""
    row = letter(event, db.service_of(conn))
    collected = _collected.get()
    if collected is None:
        await _add(conn, [row])
    else:
        collected.append(row)
    return row.event_id


@asynccontextmanager
async def collecting(conn: Connection) -> AsyncIterator[None]:
    """Store everything published inside with one statement, at the end of a batch of handlers."""
    letters: list[Letter] = []
    token = _collected.set(letters)
    try:
        yield
    finally:
        _collected.reset(token)
    if letters:
        await _add(conn, letters)


async def _add(conn: Connection, rows: Sequence[Letter]) -> None:
    ids, types, bodies = zip(*((r.event_id, r.type, r.body) for r in rows), strict=True)
    await conn.execute(_ADD, ids, types, bodies)


async def hint(conn: Connection) -> None:
    """Wake the relays of other processes, for commands that publish without running one."""
    await conn.execute(f"NOTIFY {CHANNEL}")


class Relay:
    """Empties one service's outbox into the broker for as long as it runs."""

    def __init__(self, database: Database, amqp_url: str, service: str, tasks: Tasks) -> None:
        self._db, self._url, self._service, self._tasks = database, amqp_url, service, tasks
        self._awake = asyncio.Event()
        self._stopping = False
        self.connected = False

    def wake(self) -> None:
        """Something was committed; look now instead of within a second."""
        self._awake.set()

    def stop(self) -> None:
        """Send what is there, then end `run`."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Relay until `stop`; outlives any restart of the broker and of the database."""
        listening = self._tasks.start("relay's listener", self._listen())
        try:
            await broker.reconnecting("relay", self._connected, lambda: self._stopping)
        finally:
            self._tasks.cancel(listening)

    async def _connected(self) -> None:
        try:
            async with open_publisher(self._url, self._service) as publisher:
                self.connected = True
                await self._pump(publisher)
        finally:
            self.connected = False

    async def _pump(self, publisher: Publisher) -> None:
        while True:
            self._awake.clear()
            await self._empty(publisher)
            if self._stopping:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), POLL_SECONDS)

    async def _empty(self, publisher: Publisher) -> None:
        letters = await self._lease()
        while letters:
            # The next rows are leased while these are on their way.
            leasing = asyncio.create_task(self._lease())
            try:
                await self._settle(letters, await publisher.publish(letters))
            except Exception:
                await self._release(await leasing)
                raise
            letters = await leasing

    async def _release(self, letters: Sequence[Letter]) -> None:
        async with self._db.acquire() as conn:
            await conn.execute(_POSTPONE, [row.event_id for row in letters], 0.0)

    async def _lease(self) -> list[Letter]:
        async with self._db.acquire() as conn, conn.transaction():
            await conn.execute("SET LOCAL synchronous_commit = off")
            rows = await conn.fetch(_LEASE, BATCH, LEASE_SECONDS)
        rows.sort(key=lambda row: row["seq"])
        return [self._ours(Letter(row["event_id"], row["type"], row["body"])) for row in rows]

    def _ours(self, row: Letter) -> Letter:
        # publish() refuses it already; a row written past publish() stops the relay, loudly.
        if flows.producer_of(flows.EVENTS[row.type]) != self._service:
            raise NotOurEvent(f"outbox of {self._service} holds {row.type}")
        return row

    async def _settle(
        self, letters: Sequence[Letter], outcomes: Sequence[BaseException | None]
    ) -> None:
        pairs = list(zip(letters, outcomes, strict=True))
        unroutable = [row for row, outcome in pairs if isinstance(outcome, Unroutable)]
        confirmed = [row for row, outcome in pairs if outcome is None]
        unsure = [(row, o) for row, o in pairs if o and not isinstance(o, Unroutable)]
        for rows, outcome in ((confirmed, "confirmed"), (unroutable, "unroutable")):
            for row in rows:
                metrics.EVENTS_PUBLISHED.labels(row.type, outcome).inc()
        async with self._db.acquire() as conn, conn.transaction():
            await conn.execute("SET LOCAL synchronous_commit = off")
            await conn.execute(_DELETE, [row.event_id for row in confirmed])
            await conn.execute(_POSTPONE, [row.event_id for row in unroutable], UNROUTABLE_SECONDS)
            await conn.execute(_POSTPONE, [row.event_id for row, _ in unsure], 0.0)
        if unroutable:
            log.get().error("event unroutable", event_type=unroutable[0].type, size=len(unroutable))
        if unsure:
            row, error = unsure[0]
            metrics.EVENTS_PUBLISHED.labels(row.type, "unsure").inc(len(unsure))
            raise TimeoutError(f"unconfirmed: {error!r}")

    async def _listen(self) -> None:
        # Only a hint: a lost listener costs at most one poll interval.
        while True:
            with suppress(*db.AWAY):
                async with self._db.acquire() as conn:
                    await self._listen_on(conn)
            await asyncio.sleep(5)

    async def _listen_on(self, conn: Connection) -> None:
        closed = asyncio.Event()

        def wake(*_: object) -> None:
            self.wake()

        conn.add_termination_listener(lambda _: closed.set())
        await conn.add_listener(CHANNEL, wake)
        try:
            await closed.wait()
        finally:
            await conn.remove_listener(CHANNEL, wake)


async def observe(database: Database) -> None:
    """Set the outbox gauges."""
    async with database.acquire() as conn:
        depth, age = await conn.fetchrow(_DEPTH) or (0, 0)
    metrics.OUTBOX_EVENTS.set(depth)
    metrics.OUTBOX_AGE_SECONDS.set(float(age))
