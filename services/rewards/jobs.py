"""What rewards does by the clock: send, ask, recover, try again.

No vendor is called inside a transaction. Every instance runs all of it; a claimed row carries its
own lease in `act_at`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from services.rewards import metrics, moves
from services.rewards.providers import Airtime, Order
from services.rewards.rules import settling
from services.rewards.rules.outcomes import Accepted, Held, Outcome, Paid, Rejected
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.states import State
from services.rewards.store import figures, orders, rewards
from shared.db import Connection, Database
from shared.observe import log, trace
from shared.values.seal import Seal, SealBroken

AT_ONCE = 10


@dataclass(frozen=True)
class Payouts:
    """The work on payouts, with the parts it needs."""

    database: Database
    vendor: Airtime
    seal: Seal
    pace: Pace

    async def submit(self) -> int:
        """Lease what is ready, commit, and only then let a byte leave. How many were sent."""
        async with self.database.transaction() as conn:
            leased = await self._lease(conn)
        await _each(leased, self._send)
        return len(leased)

    async def query(self) -> int:
        """Ask about what is due for a question. How many were asked about."""
        async with self.database.transaction() as conn:
            claimed = await rewards.claim_questions(conn, self.pace.lease, AT_ONCE)
        await _each(claimed, self._ask)
        return len(claimed)

    async def recover(self) -> int:
        """Expired leases: whoever held them may have sent the order, or not."""
        async with self.database.transaction() as conn:
            now = await rewards.get_now(conn)
            lost = await rewards.claim_due(conn, "submitting", AT_ONCE)
            for reward in lost:
                trace.start(reward.traceparent)
                unknown = move(reward, "lost", now, act_at=now)
                await moves.save(conn, reward, unknown, "lost", now, code="lease_expired")
        return len(lost)

    async def retry(self) -> int:
        """Orders that definitely failed: a new one while there is hope, else a person."""
        async with self.database.transaction() as conn:
            now = await rewards.get_now(conn)
            failed = await rewards.claim_due(conn, "rejected", AT_ONCE)
            for reward in failed:
                trace.start(reward.traceparent)
                step = settling.after_refusal(reward, self.pace.max_failures)
                moved = move(reward, step, now, act_at=now if step == "retried" else None)
                await moves.save(conn, reward, moved, step, now)
        return len(failed)

    async def _lease(self, conn: Connection) -> list[Reward]:
        now = await rewards.get_now(conn)
        room = settling.room(await orders.get_pause(conn, self.vendor.name), now, AT_ONCE)
        leased = []
        for reward in await rewards.claim_due(conn, "ready", room):
            trace.start(reward.traceparent)
            moved = move(reward, "leased", now, act_at=now + self.pace.lease)
            if await moves.save(conn, reward, moved, "leased", now):
                await orders.add(conn, moved, self.vendor.name)
                leased.append(moved)
        return leased

    async def _send(self, reward: Reward) -> None:
        trace.start(reward.traceparent)
        try:
            phone = self.seal.open(reward.phone_sealed, f"phone:{reward.submission_id}")
        except SealBroken as error:
            log.get().error("phone unreadable", reward_id=str(reward.id), error=repr(error))
            await self._settle(reward, Rejected("phone_unreadable", retriable=False))
            return
        outcome = await self.vendor.send(Order(reward.order_id, reward.amount_fen, phone))
        self._report("send", reward, outcome)
        await self._settle(reward, outcome)

    async def _ask(self, reward: Reward) -> None:
        trace.start(reward.traceparent)
        outcome = await self.vendor.ask(reward.order_id)
        self._report("ask", reward, outcome)
        if not await self._resend(reward, outcome):
            await self._settle(reward, outcome)

    def _report(self, call: str, reward: Reward, outcome: Outcome) -> None:
        kind = type(outcome).__name__.lower()
        metrics.OUTCOMES.labels(self.vendor.name, call, kind).inc()
        denied = settling.contradicts(reward.state, outcome)
        if denied:
            metrics.CONTRADICTIONS.labels(self.vendor.name).inc()
        say = log.get().error if denied else log.get().info
        say(
            "paid order denied" if denied else "vendor answered", vendor=self.vendor.name,
            reward_id=str(reward.id), order_id=reward.order_id, outcome=kind, code=outcome.code,
        )  # fmt: skip

    async def _settle(self, reward: Reward, outcome: Outcome) -> None:
        step = settling.step_after(reward, outcome)
        async with self.database.transaction() as conn:
            now = await rewards.get_now(conn)
            if step is None:
                await rewards.mark_asked(conn, reward, settling.next_ask(reward, now))
                return
            settled = settling.settle(reward, step, outcome, now, self.pace)
            await moves.save(
                conn,
                reward,
                settled,
                step,
                now,
                code=outcome.code,
                ref=getattr(outcome, "ref", None),
            )
            if isinstance(outcome, Held):
                await self._pause(conn, outcome, now + self.pace.held_pause)
            elif reward.state == "submitting" and isinstance(outcome, Accepted | Paid):
                await orders.mark_resumed(conn, self.vendor.name)

    async def _resend(self, reward: Reward, outcome: Outcome) -> bool:
        """Send the same order again if the vendor does not have it; False if that is not so."""
        if not self.vendor.refuses_repeats:
            return False
        async with self.database.transaction() as conn:
            now = await rewards.get_now(conn)
            if not settling.may_resend(reward, outcome, now, self.pace):
                return False
            moved = move(reward, "resent", now, act_at=now + self.pace.lease)
            if not await moves.save(conn, reward, moved, "resent", now, code=outcome.code):
                return True
        await self._send(moved)
        return True

    async def _pause(self, conn: Connection, outcome: Held, until: datetime) -> None:
        await orders.mark_paused(conn, self.vendor.name, until, outcome.code)
        log.get().error("vendor paused", vendor=self.vendor.name, code=outcome.code)


async def _each(claimed: Iterable[Reward], work: Callable[[Reward], Awaitable[None]]) -> None:
    """All at once. One that fails does not disturb the others, and is raised at the end."""
    results = await asyncio.gather(*(work(reward) for reward in claimed), return_exceptions=True)
    for failed in filter(None, results):
        raise failed


async def observe(database: Database) -> None:
    """Set the gauges."""
    async with database.acquire() as conn:
        states = await figures.list_states(conn)
        ages = await figures.get_ages(conn)
    for state in get_args(State):
        metrics.REWARDS.labels(state).set(states.get(state, (0, 0))[0])
    metrics.UNKNOWN_AGE.set(ages.oldest_unknown.total_seconds())
    metrics.ACCEPTED_AGE.set(ages.oldest_accepted.total_seconds())
    metrics.OVERDUE.set(ages.overdue)
    metrics.PAUSED.set(ages.paused)
