"""Which orders leave next: taken for sending before a byte leaves, each as it was found to fit.

A reward whose number nobody serves, by every vendor's own word, waits for a person, and its citizen
may bind another; what nobody could tell is asked again, ever more slowly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.rewards import moves, phones
from services.rewards.fitting import Fit
from services.rewards.rebinding import Rebinding
from services.rewards.rules import numbers
from services.rewards.rules.numbers import Refusal
from services.rewards.rules.orders import Order, Sent
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.routing import Offer
from services.rewards.store import ready, rewards, stops
from shared.db import Connection
from shared.observe import log, spans
from shared.vendors import pauses
from shared.vendors.outcomes import Held, Rejected


@dataclass(frozen=True)
class Leasing:
    """Leases of what was found to fit, at `vendors`, those of new orders."""

    vendors: Sequence[str]
    pace: Pace
    rebinding: Rebinding

    async def take(self, conn: Connection, fits: Sequence[Fit]) -> list[Sent]:
        """Take orders for sending: to be committed before a byte leaves. None, at whichever vendor,
        while the statement of one has what we never ordered."""
        if await stops.is_stopped(conn, *self.vendors):
            return []
        if any(numbers.against(fit.words.values()) for fit in fits):
            # What is held leaves its place in the budgets.
            await rewards.lock_decisions(conn)
        now, leased = await rewards.get_now(conn), list[Sent]()
        for fit in fits:
            with spans.entering("order", fit.reward.traceparent):
                sent = await moves.alone(conn, fit.reward, partial(self._take, conn, fit, now))
            if sent:
                leased.append(sent)
        await self._pause(conn, fits)
        return leased

    async def _take(self, conn: Connection, fit: Fit, now: datetime) -> Sent | None:
        reward = await ready.claim_again(conn, fit.reward)
        if reward is None:
            log.get().info("fit came too late", reward_id=str(fit.reward.id))
        elif fit.offer:
            return await self._lease(conn, reward, fit.offer, now)
        elif refused := numbers.against(fit.words.values()):
            await self._hold(conn, reward, refused, now)
        else:
            await self._put_off(conn, fit.reward, fit.words, now)
        return None

    async def _lease(
        self, conn: Connection, reward: Reward, offer: Offer, now: datetime
    ) -> Sent | None:
        moved = move(reward, "leased", now, act_at=now + self.pace.lease)
        made = Order(moved.order_id, offer.vendor, offer.product, moved.amount_fen, moved.attempt)
        if not await moves.save(conn, reward, moved, "leased", now, order=made):
            return None
        return Sent(moved, made)

    async def _hold(
        self, conn: Connection, reward: Reward, refused: Rejected, now: datetime
    ) -> None:
        held = move(reward, "held", now, reason=numbers.hold_reason(refused))
        await moves.save(conn, reward, held, "held", now)
        await phones.refuse(conn, reward.submission_id, reward.phone_index, refused.code, now)
        await self.rebinding.turn(conn, held)

    async def _put_off(
        self, conn: Connection, reward: Reward, words: Mapping[str, Refusal], now: datetime
    ) -> None:
        wait = numbers.pause(words.values(), reward.asked)
        await rewards.mark_asked(conn, reward.id, reward.act_at, now + wait)
        for vendor, word in words.items():
            log.get().warning("number not looked up", vendor=vendor, code=word.code)

    async def _pause(self, conn: Connection, fits: Sequence[Fit]) -> None:
        """Ask nothing of a vendor whose look-up says that a person must mend something first."""
        words = [one for fit in fits for one in fit.words.items()]
        held = {vendor: word.code for vendor, word in words if isinstance(word, Held)}
        for vendor, code in held.items():
            await pauses.begin(conn, vendor, self.pace.held_pause, code)
            log.get().error("vendor paused", vendor=vendor, code=code)
