"""Sending and asking: calls to the vendor, on claimed rows, outside any transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from services.notifications import metrics
from services.notifications.outcomes import Found, Held, Sent
from services.notifications.providers.protocol import Call, Provider, Sms
from services.notifications.rules import FINAL, Limits, Next, after_query, after_send
from services.notifications.store import messages, overview
from services.notifications.store.messages import Message
from shared.bus.outbox import publish
from shared.db import Database
from shared.events import MessageSettled
from shared.observe import log, trace
from shared.values.money import yuan
from shared.values.seal import Seal, SealBroken

BATCH = 20
STALE_SECONDS = messages.LEASE.total_seconds() / 2


@dataclass(frozen=True)
class Deliveries:
    """The jobs of notifications. Each returns how many rows it found to work on."""

    database: Database
    provider: Provider
    seal: Seal
    limits: Limits

    async def send_queued(self) -> int:
        """Send what is queued and due. The claim is committed before a byte leaves."""
        stale_at = time.monotonic() + STALE_SECONDS
        async with self.database.transaction() as conn:
            claimed = await messages.claim_queued(conn, BATCH, self.provider.name)
        return await _all(partial(self.send_one, stale_at), claimed)

    async def query_due(self) -> int:
        """Ask the vendor about what is accepted or unknown."""
        async with self.database.transaction() as conn:
            claimed = await messages.claim_queries(conn, BATCH)
        return await _all(self._query, claimed)

    async def expire_leases(self) -> int:
        """A message whose sender vanished is unknown, never queued."""
        async with self.database.transaction() as conn:
            expired = await messages.mark_expired(conn)
        for message_id in expired:
            log.get().warning("message lease expired", message_id=message_id)
        return len(expired)

    async def observe(self) -> None:
        """Set the gauges."""
        async with self.database.acquire() as conn:
            counts = await overview.get_counts(conn)
        metrics.MESSAGES.clear()
        for (purpose, state), count in counts.items():
            metrics.MESSAGES.labels(purpose, state).set(count)

    async def send_one(self, stale_at: float, message: Message) -> None:
        """Send a claimed message, unless this process slept past `stale_at` (monotonic).

        Its lease may then have expired, and another process may be asking the vendor about it.
        """
        if time.monotonic() >= stale_at:
            log.get().warning("stale claim dropped", message_id=message.message_id)
            return
        sms = self._open(message)
        outcome: Sent = await self.provider.send(sms) if sms else Held("seal_broken")
        self._count("send", outcome)
        await self._move(message, after_send(outcome, message.standing, self.limits))

    async def _query(self, message: Message) -> None:
        sms = self._open(message)
        call = Call(message.called_at, message.ref)
        outcome: Found = await self.provider.find(sms, call) if sms else Held("seal_broken")
        self._count("query", outcome)
        await self._move(message, after_query(outcome, message.standing, self.limits))

    def _open(self, message: Message) -> Sms | None:
        try:
            phone = self.seal.open(message.phone_sealed, f"phone:{message.submission_id}")
        except SealBroken:
            return None
        values = {} if message.amount_fen is None else {"amount": yuan(message.amount_fen)}
        return Sms(message.message_id, message.purpose, phone, values)

    def _count(self, call: str, outcome: Found) -> None:
        name = type(outcome).__name__.lower()
        metrics.CALLS.labels(self.provider.name, call, name).inc()

    async def _move(self, message: Message, to: Next) -> None:
        async with self.database.transaction() as conn:
            if to.state == message.state:
                await messages.postpone(conn, message, to)
                return
            moved, settled_at = await messages.mark(conn, message, to)
            if moved and settled_at:
                await publish(
                    conn,
                    MessageSettled(
                        message_id=message.message_id,
                        case_id=message.case_id,
                        submission_id=message.submission_id,
                        purpose=message.purpose,
                        outcome=FINAL[to.state],
                        settled_at=settled_at,
                    ),
                )
        self._tell(message, to, moved)

    def _tell(self, message: Message, to: Next, moved: bool) -> None:
        say = log.get().error if to.state == "held" else log.get().info
        say(
            f"{message.purpose} message {to.state}" if moved else "message was moved by another",
            message_id=message.message_id,
            case_id=message.case_id,
            attempt=message.attempt,
            state=to.state,
            code=to.code,
            vendor=self.provider.name,
        )


async def _all(work: Callable[[Message], Awaitable[None]], claimed: Sequence[Message]) -> int:
    """Work on all at once; one that fails does not stop the others, and is reported after them."""

    async def one(message: Message) -> None:
        trace.start(message.traceparent)
        await work(message)

    ended = await asyncio.gather(*map(one, claimed), return_exceptions=True)
    failed = [error for error in ended if isinstance(error, BaseException)]
    if failed:
        raise failed[0]
    return len(claimed)
