"""What each reward that is ready gets, and where, before an order is made of it.

A number's network is asked for at the vendor whose turn it is, at the next one where it is not
served there, and at nobody else. A reward is claimed for that by its `act_at`, as no vendor is
called inside a transaction; whoever finds nothing out leaves it to be asked about again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from services.rewards import moves
from services.rewards.catalogue import Catalogue
from services.rewards.rules import routing
from services.rewards.rules.numbers import Refusal
from services.rewards.rules.payouts import Reward
from services.rewards.rules.routing import Offer
from services.rewards.store import orders, ready, stops
from shared.db import Connection, Database
from shared.observe import spans
from shared.values.seal import Seal, SealBroken
from shared.vendors import pauses
from shared.vendors.outcomes import TryLater

AT_ONCE = 10
# It confirms nothing of the amount now, or takes no more orders: it may serve the number later.
NOT_ASKED = TryLater("not_asked", timedelta())


@dataclass(frozen=True)
class Fit:
    """A claimed reward and what it gets; by their `words` other vendors do not serve it, and none
    does where there is no offer."""

    reward: Reward
    offer: Offer | None = None
    words: Mapping[str, Refusal] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitting:
    """The look for products, at the vendors of new orders, the preferred one first."""

    database: Database
    catalogues: Sequence[Catalogue]
    seal: Seal
    lease: timedelta

    async def find(self, most: int) -> list[Fit]:
        """Of so many of the most urgent rewards. None, whichever vendor, while the statement of one
        has what we never ordered."""
        async with self.database.transaction() as conn:
            rooms = await self._rooms(conn)
            claimed = await self._claim(conn, rooms, most)
        fits = (self._fit(reward, ranked, rooms) for reward, ranked in claimed)
        return list(await asyncio.gather(*fits))

    async def _rooms(self, conn: Connection) -> dict[str, int]:
        """How many orders each vendor takes now: none while an operator must act."""
        names = [catalogue.vendor.name for catalogue in self.catalogues]
        if await stops.is_stopped(conn, *names):
            return dict.fromkeys(names, 0)
        return {name: await pauses.room(conn, name, AT_ONCE) for name in names}

    async def _claim(
        self, conn: Connection, rooms: Mapping[str, int], most: int
    ) -> list[tuple[Reward, list[Offer]]]:
        offers = [offer for catalogue in self.catalogues for offer in catalogue.offers]
        amounts = {offer.amount_fen for offer in offers if rooms[offer.vendor] > 0}
        lease, most = self.lease * len(self.catalogues), min(most, sum(rooms.values()))
        claimed = list[tuple[Reward, list[Offer]]]()
        for reward in await ready.claim(conn, amounts, lease, most):
            work = partial(self._rank, conn, reward, offers)
            with spans.entering("rank offers", reward.traceparent):
                ranked = await moves.alone(conn, reward, work)
            if ranked is not None:
                claimed.append((reward, ranked))
        return claimed

    async def _rank(self, conn: Connection, reward: Reward, offers: Sequence[Offer]) -> list[Offer]:
        ours = [offer for offer in offers if offer.amount_fen == reward.amount_fen]
        return routing.rank(ours, await orders.list_past(conn, reward.id))

    async def _fit(self, reward: Reward, ranked: Sequence[Offer], rooms: dict[str, int]) -> Fit:
        """Go from vendor to vendor; the place of one is kept while it is asked."""
        with spans.entering("find an offer", reward.traceparent):
            return await self._ask(reward, ranked, rooms)

    async def _ask(self, reward: Reward, ranked: Sequence[Offer], rooms: dict[str, int]) -> Fit:
        words = dict[str, Refusal]()
        for name in self._sellers(reward, ranked):
            offers = [one for one in ranked if one.vendor == name]
            if not offers or rooms[name] <= 0:
                words[name] = NOT_ASKED
                continue
            rooms[name] -= 1
            found = await self._serve(reward, offers)
            if isinstance(found, Offer):
                return Fit(reward, found, words)
            rooms[name] += 1
            words[name] = found
        return Fit(reward, words=words)

    def _sellers(self, reward: Reward, ranked: Sequence[Offer]) -> list[str]:
        """Those whose turn it is first, then whoever should sell the amount and confirms none."""
        configured = [
            one.vendor.name
            for one in self.catalogues
            if reward.amount_fen in one.vendor.products.values()
        ]
        return list(dict.fromkeys([*(offer.vendor for offer in ranked), *configured]))

    async def _serve(self, reward: Reward, offers: Sequence[Offer]) -> Offer | Refusal:
        try:
            number = self.seal.open(reward.phone_sealed, f"phone:{reward.submission_id}")
        except SealBroken:
            return offers[0]  # the sending will say so
        [catalogue] = (one for one in self.catalogues if one.vendor.name == offers[0].vendor)
        return await catalogue.serve(number, offers)
