"""What rewards does by the clock: send, ask, recover, try again.

No vendor is called inside a transaction. Every instance runs all of it; a claimed row carries its
own lease in `act_at`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from services.rewards import metrics, moves
from services.rewards.providers.protocol import Airtime, Order
from services.rewards.rules import settling
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.states import State
from services.rewards.store import figures, orders, rewards
from shared.db import Connection, Database
from shared.observe import log, trace
from shared.values.seal import Seal, SealBroken
from shared.vendors.errand import Errand, NotCalled
from shared.vendors.outcomes import Outcome, Rejected, kind

AT_ONCE = 10


@dataclass(frozen=True)
class Payouts:
    """The work on payouts, with the parts it needs."""

    database: Database
    vendor: Airtime
    seal: Seal
    pace: Pace

    @property
    def sending(self) -> Errand[Reward]:
        """Lease what is ready, commit, and only then let a byte leave."""
        return Errand(
            name="send",
            vendor=self.vendor.name,
            database=self.database,
            calls=metrics.OUTCOMES,
            claim=self.lease,
            call=self._send,
            settle=self._settle,
            lease=self.pace.lease,
            pause=self.pace.held_pause,
            at_once=AT_ONCE,
        )

    @property
    def asking(self) -> Errand[Reward]:
        """Ask about what is due for a question; an order that the vendor lacks may go out again."""
        return replace(
            self.sending,
            name="ask",
            claim=self._claim_questions,
            call=self._ask,
            settle=self._hear,
            pause=None,
            then=self.sending,
        )

    async def submit(self) -> int:
        """How many orders were sent."""
        return await self.sending.run()

    async def query(self) -> int:
        """How many orders were asked about."""
        return await self.asking.run()

    async def recover(self) -> int:
        """Expired leases: whoever held them may have sent the order, or not."""
        return await self._each_due("submitting", self._lose)

    async def retry(self) -> int:
        """Orders that definitely failed: a new one while there is hope, else a person."""
        return await self._each_due("rejected", self._after_refusal)

    async def _each_due(
        self, state: State, work: Callable[[Connection, Reward, datetime], Awaitable[bool]]
    ) -> int:
        async with self.database.transaction() as conn:
            now = await rewards.get_now(conn)
            due = await rewards.claim_due(conn, state, AT_ONCE)
            for reward in due:
                trace.start(reward.traceparent)
                await work(conn, reward, now)
        return len(due)

    async def _lose(self, conn: Connection, reward: Reward, now: datetime) -> bool:
        unknown = move(reward, "lost", now, act_at=now)
        return await moves.save(conn, reward, unknown, "lost", now, code="lease_expired")

    async def _after_refusal(self, conn: Connection, reward: Reward, now: datetime) -> bool:
        step = settling.after_refusal(reward, self.pace.max_failures)
        moved = move(reward, step, now, act_at=now if step == "retried" else None)
        return await moves.save(conn, reward, moved, step, now)

    async def lease(self, conn: Connection, most: int) -> list[Reward]:
        """Take orders for sending: to be committed before a byte leaves."""
        now = await rewards.get_now(conn)
        leased = []
        for reward in await rewards.claim_due(conn, "ready", most):
            trace.start(reward.traceparent)
            moved = move(reward, "leased", now, act_at=now + self.pace.lease)
            if await moves.save(conn, reward, moved, "leased", now):
                await orders.add(conn, moved, self.vendor.name)
                leased.append(moved)
        return leased

    async def _claim_questions(self, conn: Connection, most: int) -> list[Reward]:
        return await rewards.claim_questions(conn, self.pace.lease, most)

    async def _send(self, reward: Reward) -> Outcome:
        try:
            phone = self.seal.open(reward.phone_sealed, f"phone:{reward.submission_id}")
        except SealBroken as error:
            log.get().error("phone unreadable", reward_id=str(reward.id), error=repr(error))
            raise NotCalled(Rejected("phone_unreadable", retriable=False)) from None
        return await self.vendor.send(Order(reward.order_id, reward.amount_fen, phone))

    async def _ask(self, reward: Reward) -> Outcome:
        return await self.vendor.ask(reward.order_id)

    async def _settle(self, conn: Connection, reward: Reward, outcome: Outcome) -> None:
        now = await rewards.get_now(conn)
        step = settling.step_after(reward, outcome)
        if step is None:
            await rewards.mark_asked(conn, reward, settling.next_ask(reward, now))
            return
        settled = settling.settle(reward, step, outcome, now, self.pace)
        ref = getattr(outcome, "ref", None)
        await moves.save(conn, reward, settled, step, now, code=outcome.code, ref=ref)

    async def _hear(self, conn: Connection, reward: Reward, outcome: Outcome) -> Reward | None:
        """Settle; or, if the vendor does not have the order, the same order to be sent again."""
        self._warn_of_denial(reward, outcome)
        now = await rewards.get_now(conn)
        repeats = self.vendor.refuses_repeats
        if not repeats or not settling.may_resend(reward, outcome, now, self.pace):
            await self._settle(conn, reward, outcome)
            return None
        moved = move(reward, "resent", now, act_at=now + self.pace.lease)
        sent = await moves.save(conn, reward, moved, "resent", now, code=outcome.code)
        return moved if sent else None

    def _warn_of_denial(self, reward: Reward, outcome: Outcome) -> None:
        if settling.contradicts(reward.state, outcome):
            metrics.CONTRADICTIONS.labels(self.vendor.name).inc()
            log.get().error(
                "paid order denied", vendor=self.vendor.name, reward_id=str(reward.id),
                order_id=reward.order_id, outcome=kind(outcome), code=outcome.code,
            )  # fmt: skip


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
