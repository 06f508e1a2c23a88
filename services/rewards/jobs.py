"""What rewards does by the clock: send, ask, recover, try again.

No vendor is called inside a transaction. Every instance runs all of it; a claimed row carries its
own lease in `act_at`. A new order goes to the preferred vendor that takes one (`rules.routing`); it
is asked about, and repeated, at the vendor with which it was made, or waits until that one is
configured again. Which product of a vendor it is, the number's network decides (`fitting`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial

from services.rewards import archive, metrics, mismatches, moves, phones
from services.rewards.catalogue import Catalogue
from services.rewards.fitting import AT_ONCE, Fit, Fitting
from services.rewards.leasing import Leasing
from services.rewards.providers.protocol import Airtime
from services.rewards.rebinding import Rebinding
from services.rewards.rules import settling
from services.rewards.rules.entitlement import VERDICT_CHANGED
from services.rewards.rules.orders import Sent
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.states import State
from services.rewards.store import orders, rewards, stops
from shared.db import Connection, Database
from shared.observe import log, spans
from shared.values.seal import Seal, SealBroken
from shared.vendors.errand import Errand, NotCalled, each
from shared.vendors.outcomes import Outcome, Rejected, TryLater, Unknown, kind

DISPUTED = Unknown("disputed")
LEASE_LOST = Unknown("lease_lost")


async def _leased_before(conn: Connection, most: int) -> list[Sent]:
    """What is sent was leased by `submit`, or is due for it by an answer."""
    return []


@dataclass(frozen=True)
class Payouts:
    """The work on payouts, with the parts it needs.

    `catalogues` are of those vendors that take new orders, the preferred one first; the others are
    only asked about their old ones. `rebinding` takes the phone that waits for an order to fail.
    """

    database: Database
    vendors: Sequence[Airtime]
    seal: Seal
    pace: Pace
    catalogues: Sequence[Catalogue]
    rebinding: Rebinding

    @cached_property
    def fitting(self) -> Fitting:
        """What each of those that are ready gets."""
        return Fitting(self.database, self.catalogues, self.seal, self.pace.lease)

    @cached_property
    def leasing(self) -> Leasing:
        """Which orders leave next."""
        return Leasing([one.vendor.name for one in self.catalogues], self.pace, self.rebinding)

    def sending(self, vendor: Airtime) -> Errand[Sent]:
        """Lease what is ready, commit, and only then let a byte leave."""
        return self._sending[vendor.name]

    def asking(self, vendor: Airtime) -> Errand[Sent]:
        """Ask about what is due for a question; an order that the vendor lacks may go out again."""
        return self._asking[vendor.name]

    @cached_property
    def _sending(self) -> Mapping[str, Errand[Sent]]:
        return {vendor.name: self._to_send(vendor) for vendor in self.vendors}

    @cached_property
    def _asking(self) -> Mapping[str, Errand[Sent]]:
        return {vendor.name: self._to_ask(vendor) for vendor in self.vendors}

    def _to_send(self, vendor: Airtime) -> Errand[Sent]:
        return Errand(
            name="send",
            vendor=vendor.name,
            database=self.database,
            calls=metrics.OUTCOMES,
            claim=_leased_before,
            call=partial(self._send, vendor),
            settle=self._settle,
            lease=self.pace.lease,
            pause=self.pace.held_pause,
            at_once=AT_ONCE,
        )

    def _to_ask(self, vendor: Airtime) -> Errand[Sent]:
        return replace(
            self.sending(vendor),
            name="ask",
            claim=partial(self._claim_questions, vendor.name),
            call=partial(self._ask, vendor),
            settle=partial(self._hear, vendor.refuses_repeats),
            pause=None,
            then=self.sending(vendor),
        )

    def reading(self, vendor: str) -> Errand[Sent]:
        """Settle by its statements what is open at a vendor that is no longer configured."""
        asking = replace(
            self.sending(self.vendors[0]), settle=partial(self._hear, False), pause=None
        )
        claim = partial(self._claim_listed, vendor)
        return archive.reading(asking, "read_statement", vendor, claim, self.pace.vendor_window)

    async def submit(self) -> int:
        """How many orders were sent."""
        await asyncio.gather(*(catalogue.look() for catalogue in self.catalogues))
        fits = await self.fitting.find(AT_ONCE)
        until = self.sending(self.vendors[0]).deadline()
        leased = await self.lease(fits)
        await each(leased, lambda sent: self._sending[sent.order.vendor].carry(sent, until))
        return len(leased)

    async def lease(self, fits: Sequence[Fit]) -> list[Sent]:
        """Orders of what fits; they are committed, and not a byte has left."""
        async with self.database.transaction() as conn:
            return await self.leasing.take(conn, fits)

    async def query(self) -> int:
        """How many orders were asked about."""
        return await archive.ask_all(self.database, self.vendors, self.asking, self.reading)

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
            if state == "rejected":
                # What is refused for good leaves its place in the budgets.
                await rewards.lock_decisions(conn)
            now = await rewards.get_now(conn)
            due = await rewards.claim_due(conn, state, AT_ONCE)
            for reward in due:
                with spans.entering(f"reward {state}", reward.traceparent):
                    await moves.alone(conn, reward, partial(work, conn, reward, now))
        return len(due)

    async def _lose(self, conn: Connection, reward: Reward, now: datetime) -> bool:
        unknown = move(reward, "lost", now, act_at=now)
        return await moves.save(conn, reward, unknown, "lost", now, code="lease_expired")

    async def _after_refusal(self, conn: Connection, reward: Reward, now: datetime) -> bool:
        if await self.rebinding.turn(conn, reward):
            return True
        step = settling.after_refusal(reward, self.pace.max_failures)
        reason = VERDICT_CHANGED if step == "refused" else None
        act_at = now if step == "retried" else None
        moved = move(reward, step, now, act_at=act_at, reason=reason)
        return await moves.save(conn, reward, moved, step, now)

    async def _claim_questions(self, vendor: str, conn: Connection, most: int) -> list[Sent]:
        claimed = await rewards.claim_questions(conn, vendor, self.pace.lease, most)
        return await self._with_orders(conn, claimed)

    async def _claim_listed(self, vendor: str, conn: Connection, most: int) -> list[Sent]:
        window = self.pace.vendor_window
        claimed = await rewards.claim_listed(conn, window, vendor, self.pace.lease, most)
        return await self._with_orders(conn, claimed)

    async def _with_orders(self, conn: Connection, claimed: Sequence[Reward]) -> list[Sent]:
        due = await orders.mark_asking(conn, [reward.id for reward in claimed], self.pace.lease)
        return [Sent(reward, due[reward.id]) for reward in claimed]

    async def _send(self, vendor: Airtime, sent: Sent) -> Outcome:
        reward = sent.reward
        await self._must_be_held(reward)
        try:
            phone = self.seal.open(reward.phone_sealed, f"phone:{reward.submission_id}")
        except SealBroken as error:
            log.get().error("phone unreadable", reward_id=str(reward.id), error=repr(error))
            raise NotCalled(Rejected("phone_unreadable", retriable=False)) from None
        return await vendor.send(sent.order, phone)

    async def _must_be_held(self, reward: Reward) -> None:
        """Since the lease was committed it may have been taken over, or the verdict changed."""
        async with self.database.acquire() as conn:
            if not await rewards.is_held(conn, reward):
                raise NotCalled(LEASE_LOST)
            if not await rewards.is_due(conn, reward.id):
                raise NotCalled(TryLater("not_due", timedelta()))

    async def _ask(self, vendor: Airtime, sent: Sent) -> Outcome:
        return await archive.ask(self.database, vendor, sent.order, self.pace.vendor_window)

    async def _settle(self, conn: Connection, sent: Sent, outcome: Outcome) -> None:
        reward = await rewards.claim_same(conn, sent.reward)
        if reward is None:
            log.get().info("answer came too late", reward_id=str(sent.reward.id))
            return
        now, order_id = await rewards.get_now(conn), sent.order.order_id
        await orders.mark_answer(conn, order_id, kind(outcome), now)
        step = settling.step_after(reward, outcome)
        if step is None:
            answered = not isinstance(outcome, settling.NO_ANSWER)
            next_at = settling.next_ask(reward, now, answered)
            if next_at is None and not answered:
                await mismatches.tell(conn, mismatches.of("unconfirmed", sent, outcome))
            await rewards.mark_asked(conn, reward.id, sent.reward.act_at, next_at)
            return
        settled = settling.settle(reward, step, outcome, now, self.pace)
        ref = getattr(outcome, "ref", None)
        await moves.save(
            conn, reward, settled, step, now, code=outcome.code, ref=ref, order_id=order_id
        )
        if self._refuses_number(sent.order.vendor, outcome):
            await phones.refuse(conn, reward.submission_id, reward.phone_index, outcome.code, now)

    def _refuses_number(self, vendor: str, outcome: Outcome) -> bool:
        """Whether its word is about the number alone; then no other order is made."""
        words = next((one.wrong_numbers for one in self.vendors if one.name == vendor), frozenset())
        final = isinstance(outcome, Rejected) and not outcome.retriable
        return final and not words.isdisjoint((outcome.code, outcome.code.lower()))

    async def _hear(
        self, repeats: bool, conn: Connection, sent: Sent, outcome: Outcome
    ) -> Sent | None:
        """Settle; or, if the vendor does not have the order, the same order to be sent again.

        Not one of which we do not know what it ordered. An answer against the vendor's own
        statement moves nothing.
        """
        await mismatches.judge_paid(conn, sent, outcome)
        if await mismatches.judge(conn, sent, outcome):
            outcome = DISPUTED
        again = repeats and sent.order.product
        moved = await self._resend(conn, sent, outcome) if again else None
        if moved is None:
            await self._settle(conn, sent, outcome)
        return moved

    async def _resend(self, conn: Connection, sent: Sent, outcome: Outcome) -> Sent | None:
        reward = await rewards.claim_same(conn, sent.reward)
        now = await rewards.get_now(conn)
        if not reward or not settling.may_resend(reward, outcome, now, self.pace):
            return None
        if await stops.is_stopped(conn, sent.order.vendor):
            return None
        moved = move(reward, "resent", now, act_at=now + self.pace.lease)
        await moves.save(conn, reward, moved, "resent", now, code=outcome.code)
        # What was heard before this sending says nothing about it.
        await orders.mark_answer(conn, sent.order.order_id, None, now)
        return replace(sent, reward=moved)
