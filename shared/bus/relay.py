"""The relay brings the outbox to the broker.

It leases rows that nobody leases (SKIP LOCKED), commits, publishes with confirms, moves what was
confirmed to `sent`. It never keeps a cursor: ids become visible out of order, and a cursor skips
(see Floor).
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from shared import faults, flows
from shared.bus import broker
from shared.bus.floor import Floor
from shared.bus.outbox import CHANNEL
from shared.bus.pace import Pace
from shared.bus.publishing import Letter, Publisher, Unroutable, open_publisher
from shared.db import Connection, Database
from shared.events import traceparent_in
from shared.observe import log, metrics, spans
from shared.tasks import Tasks
from shared.values.backoff import backoff

LEASE_SECONDS = 15.0
UNROUTABLE_SECONDS = 5.0
REFUSED_SECONDS = 60.0
BATCH = 500
POLL = timedelta(seconds=1)
IDLE = timedelta(seconds=5)

# A lost lease or a lost deletion only means publishing again under the same id, so these two need
# not wait for the disk.
_LEASE = """
    UPDATE outbox SET leased_until = now() + make_interval(secs => $2)
    WHERE seq = ANY(ARRAY(SELECT seq FROM outbox WHERE leased_until <= now() AND seq >= $3
                          ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING seq, event_id, type, body,
        extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
"""
# What was confirmed leaves the outbox, and is kept for some days (see bus_0006).
_KEEP = """
    WITH gone AS (DELETE FROM outbox WHERE event_id = ANY($1::uuid[])
                  RETURNING seq, event_id, type, body)
    INSERT INTO sent (seq, event_id, type, body) SELECT seq, event_id, type, body FROM gone
"""
_POSTPONE = """
    UPDATE outbox SET leased_until = now() + make_interval(secs => $2)
    WHERE event_id = ANY($1::uuid[])
"""


class Relay:
    """Empties one service's outbox into the broker for as long as it runs."""

    def __init__(
        self, database: Database, amqp_url: str, service: str, tasks: Tasks, pace: Pace
    ) -> None:
        self._db, self._url, self._service, self._tasks = database, amqp_url, service, tasks
        self._pace = pace
        self._awake = asyncio.Event()
        self._floor = Floor()
        self._stopping = False
        self.connected = False

    def wake(self) -> None:
        """Something was committed; look now instead of within five seconds."""
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
                self.connected, self._floor = True, Floor()
                await self._pump(publisher)
        finally:
            self.connected, self._pace.behind = False, 0.0

    async def _pump(self, publisher: Publisher) -> None:
        quiet = 0
        while True:
            self._awake.clear()
            quiet = 0 if await self._empty(publisher) else quiet + 1
            if self._stopping:
                return
            with suppress(TimeoutError):
                pause = backoff(quiet, POLL, IDLE).total_seconds()
                await asyncio.wait_for(self._awake.wait(), self._floor.at_most(pause))

    async def _empty(self, publisher: Publisher) -> int:
        letters, count = await self._lease(), 0
        while letters:
            count += len(letters)
            # The next rows are leased while these are on their way.
            leasing = asyncio.create_task(self._lease())
            began = spans.now()
            try:
                outcomes = await publisher.publish(letters)
                _tell(letters, outcomes, began)
                await self._settle(letters, outcomes)
            except Exception:
                await self._release(await leasing)
                raise
            letters = await leasing
        return count

    async def _release(self, letters: Sequence[Letter]) -> None:
        async with self._db.acquire() as conn:
            await conn.execute(_POSTPONE, [row.event_id for row in letters], 0.0)

    async def _lease(self) -> list[Letter]:
        begun_at = self._floor.begin()
        async with self._db.acquire() as conn, conn.transaction():
            await conn.execute("SET LOCAL synchronous_commit = off")
            started = time.perf_counter()
            rows = await conn.fetch(_LEASE, BATCH, LEASE_SECONDS, begun_at)
            rows.sort(key=lambda row: row["seq"])
            last = rows[-1]["seq"] if rows else None
            self._floor.looked(begun_at, last, time.perf_counter() - started)
            self._pace.leased([row["age"] for row in rows], BATCH)
            letters = [Letter(row["event_id"], row["type"], row["body"]) for row in rows]
            refused = [row for row in letters if not self._is_ours(row)]
            if refused:
                await self._set_aside(conn, refused)
        return [row for row in letters if self._is_ours(row)]

    def _is_ours(self, row: Letter) -> bool:
        known = flows.EVENTS.get(row.type)
        return known is not None and flows.producer_of(known) == self._service

    async def _set_aside(self, conn: Connection, refused: Sequence[Letter]) -> None:
        # Written past publish(), or by a version that knows more. It waits, told again and again,
        # for that version or for a person; what stands behind it goes on.
        ids = [row.event_id for row in refused]
        await conn.execute(_POSTPONE, ids, REFUSED_SECONDS)
        metrics.EVENTS_PUBLISHED.labels("unknown", "refused").inc(len(ids))
        log.get().error("event refused", event_type=refused[0].type, size=len(ids))

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
                log.debug("event sent", event_id=row.event_id, event_type=row.type, outcome=outcome)
        async with self._db.acquire() as conn, conn.transaction():
            await conn.execute("SET LOCAL synchronous_commit = off")
            await conn.execute(_KEEP, [row.event_id for row in confirmed])
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
            with suppress(*faults.PASSING):
                async with self._db.acquire() as conn:
                    await self._listen_on(conn)
            await asyncio.sleep(1)

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


def _tell(letters: Sequence[Letter], outcomes: Sequence[BaseException | None], began: int) -> None:
    """A span a message, in the trace in which it was written; the driver knows nothing of those."""
    if not spans.is_on():
        return
    for letter, error in zip(letters, outcomes, strict=True):
        told = {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "send",
            "messaging.destination.name": flows.EXCHANGE,
            "messaging.message.id": str(letter.event_id),
        }
        parent = traceparent_in(letter.body)
        spans.note(f"send {letter.type}", parent, "producer", told, began, error)
