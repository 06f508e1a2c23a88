"""The inbox: every event is handled once, in one transaction with its effects.

    batch from the broker ──▶ locks in one order ──▶ ids + effects + COMMIT ──▶ ack
          │ a handler failed: each event by itself, in a savepoint
          │ and of those what failed again, or was delivered for the 3rd time
          ▼
       pending ──▶ in batches, and what fails alone, with back-off ──▶ handled
          │ attempts used up, Reject, or unreadable
          ▼
       parked ──▶ a person looks, mends, replays

The broker is only transport: retries and dead letters are rows of `inbox_pending`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache

from shared import faults
from shared.bus import outbox, pending
from shared.bus.consuming import Delivery
from shared.bus.excuses import Excuses
from shared.bus.handling import Handler, Handling, LockFirst, LockOrder, by_subject, no_locks
from shared.bus.pending import Pending, Received
from shared.bus.reading import Fresh, Unreadable, identify, known
from shared.db import Database
from shared.errors import Reject, Retry
from shared.events import Event
from shared.observe import log, metrics
from shared.values import clock

# A child is looked up once: types and outcomes are few, events many.
_handled = cache(metrics.EVENTS_HANDLED.labels)
_delays = cache(metrics.EVENT_DELAY_SECONDS.labels)

MAX_ATTEMPTS = 12
STORM = 3
BATCH = 200
ALONE = 50
EXCUSED_AFTER = timedelta(seconds=2)
# So many batches in a row that the server put off: then each event alone, for one may be the cause.
PUT_OFF = 3


class Inbox:
    """What one service hears, and what it does with it."""

    def __init__(
        self,
        database: Database,
        service: str,
        handlers: Mapping[type[Event], Handler],
        lock_first: LockFirst = no_locks,
        lock_order: LockOrder = by_subject,
    ) -> None:
        self._db, self._service = database, service
        self._handling = Handling(service, handlers, lock_first, lock_order)
        self._claimed: Sequence[Pending] = ()
        self._put_off, self._excuses = 0, Excuses()

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Handle or safely store a batch; when this returns, it may be acknowledged.

        Keeps trying while the database is away, since the messages are safe in the broker.
        """
        pause = 0.2
        while True:
            try:
                return await self._take(deliveries)
            except faults.PASSING as error:
                log.get().warning("inbox paused", error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        if storm := [identify(one) for one in deliveries if one.times >= STORM]:
            await self._store(storm, f"delivered {STORM} times or more")
        fresh: list[Fresh] = []
        for received in (identify(one) for one in deliveries if one.times < STORM):
            try:
                fresh.append(self._handling.read(received))
            except Unreadable as error:
                await self._park_unreadable(received, error)
        if fresh:
            await self._handle_fresh(fresh)

    async def _handle_fresh(self, batch: list[Fresh]) -> None:
        try:
            async with self._db.transaction() as conn, outbox.collecting(conn):
                await self._handling.together(conn, batch)
        except Exception as error:
            _tell_failed(error, len(batch))
            await self._handle_failed(batch, error)
        else:
            self._count(batch)

    async def _handle_failed(self, batch: list[Fresh], error: Exception) -> None:
        if len(batch) > 1 and not faults.is_passing(error):
            try:
                await self._handle_apart(batch)
            except Exception as again:
                _tell_failed(again, len(batch))
                error = again
            else:
                return
        received = [one.received for one in batch]
        await self._store(received, repr(error), alone=not faults.is_excused(error))

    async def _handle_apart(self, batch: list[Fresh]) -> None:
        async with self._db.transaction() as conn, outbox.collecting(conn):
            failed = await self._handling.apart(conn, batch)
            for one, error in failed:
                await pending.store(conn, self._service, [one.received], repr(error), alone=True)
        ids = {one.received.event_id for one, _ in failed}
        self._count([one for one in batch if one.received.event_id not in ids])
        for one, _ in failed:
            metrics.EVENTS_HANDLED.labels(one.envelope.type, "pending").inc()

    async def _store(self, messages: Sequence[Received], error: str, *, alone: bool = True) -> None:
        async with self._db.transaction() as conn:
            await pending.store(conn, self._service, messages, error, alone=alone)
        for message in messages:
            metrics.EVENTS_HANDLED.labels(known(message.type), "pending").inc()

    async def _park_unreadable(self, message: Received, error: Unreadable) -> None:
        async with self._db.transaction() as conn:
            await pending.store(conn, self._service, [message], str(error), state="parked")
        metrics.EVENTS_HANDLED.labels(known(message.type), "parked").inc()
        log.get().error("event parked", event_id=str(message.event_id), reason=str(error))

    async def retry(self) -> int:
        """Run what is pending and due, in a batch or alone; how many were claimed."""
        await self._settle_earlier()
        count = await self._run_together()
        for _ in range(ALONE):
            if not await self._run_next_alone():
                break
            count += 1
        return count

    async def _settle_earlier(self) -> None:
        # Claimed by an earlier run, which then could say nothing more to the database.
        if self._claimed:
            await self._release("the database went away", alone=True)

    async def _release(self, error: str, after: timedelta = timedelta(), *, alone: bool) -> None:
        async with self._db.acquire() as conn:
            await pending.release(conn, self._service, self._claimed, error, after, alone=alone)
        self._claimed = ()

    async def _run_together(self) -> int:
        async with self._db.acquire() as conn:
            self._claimed = batch = await pending.claim_batch(conn, self._service, BATCH)
        if not batch:
            return 0
        try:
            async with self._db.transaction() as conn, outbox.collecting(conn):
                fresh = [self._handling.read(one) for one in batch]
                await self._handling.together(conn, fresh)
                await pending.add_done(conn, self._service, batch)
        except Exception as error:
            _tell_failed(error, len(batch))
            await self._put_off_batch(error)
        else:
            self._claimed, self._put_off = (), 0
            self._count(fresh)
        return len(batch)

    async def _put_off_batch(self, error: Exception) -> None:
        excused = faults.is_excused(error)
        self._put_off = self._put_off + 1 if excused else 0
        after = EXCUSED_AFTER if excused else timedelta()
        await self._release(repr(error), after, alone=not excused or self._put_off >= PUT_OFF)

    async def _run_next_alone(self) -> bool:
        async with self._db.acquire() as conn:
            self._claimed = claimed = await pending.claim_one(conn, self._service)
        for one in claimed:
            await self._run_alone(one)
        self._claimed = ()
        return bool(claimed)

    async def _run_alone(self, one: Pending) -> None:
        try:
            if one.attempts > MAX_ATTEMPTS:
                raise Reject("attempts used up, and the process ended in each of them")
            fresh = self._handling.read(one)
            async with self._db.transaction() as conn:
                await self._handling.together(conn, [fresh])
                await pending.add_done(conn, self._service, [one])
        except Exception as error:
            await self._failed(one, error)
        else:
            self._excuses.forget(one.event_id)
            self._count([fresh])

    async def _failed(self, one: Pending, error: Exception) -> None:
        outcome = self._outcome(one, error)
        async with self._db.acquire() as conn:
            key = (conn, self._service, one.event_id, repr(error))
            if outcome == "parked":
                await pending.park(*key)
                self._excuses.forget(one.event_id)
            elif outcome == "excused":
                await pending.mark_excused(*key, EXCUSED_AFTER)
            else:
                await pending.mark_failed(*key, error.after if isinstance(error, Retry) else None)
        say = log.get().error if outcome == "parked" else log.get().warning
        say(
            f"event {outcome}",
            event_id=str(one.event_id),
            event_type=known(one.type),
            attempts=one.attempts,
            error=repr(error),
            exc_info=error if not isinstance(error, (Retry, Reject, *faults.PASSING)) else None,
        )
        metrics.EVENTS_HANDLED.labels(known(one.type), outcome).inc()

    def _outcome(self, one: Pending, error: Exception) -> str:
        if faults.is_excused(error) and self._excuses.one(one.event_id, error):
            return "excused"
        used_up = one.attempts >= MAX_ATTEMPTS or isinstance(error, (Reject, *faults.NO_TEXT))
        return "parked" if used_up else "failed"

    def _count(self, handled: Sequence[Fresh]) -> None:
        self._excuses.handled += len(handled)
        now = clock.now()
        for one in handled:
            kind, delay = one.envelope.type, now - one.envelope.time
            _handled(kind, "handled").inc()
            _delays(kind).observe(max(0.0, delay.total_seconds()))


def _tell_failed(error: Exception, size: int) -> None:
    """A handler that only asks for a later time is no failure."""
    if not isinstance(error, Retry):
        log.get().warning("batch failed", error=repr(error), size=size)
