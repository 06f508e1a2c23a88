"""Which orders leave next: taken for sending before a byte leaves, each to whom takes it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from services.rewards import moves
from services.rewards.catalogue import Catalogue
from services.rewards.rules import routing
from services.rewards.rules.orders import Order, Sent
from services.rewards.rules.payouts import Reward, move
from services.rewards.rules.routing import Offer
from services.rewards.store import orders, rewards, stops
from shared.db import Connection
from shared.observe import trace
from shared.vendors import pauses

AT_ONCE = 10


@dataclass(frozen=True)
class Leasing:
    """Leases of what is ready, at the vendors of new orders, the preferred one first."""

    catalogues: Sequence[Catalogue]
    lease: timedelta

    async def take(self, conn: Connection, most: int) -> list[Sent]:
        """Take orders for sending: to be committed before a byte leaves. None, at whichever vendor,
        while the statement of one has what we never ordered."""
        rooms = await self._rooms(conn)
        for vendor in rooms:
            if await stops.is_stopped(conn, vendor):
                return []
        amounts = {offer.amount_fen for offer in self._offers(rooms)}
        now, leased = await rewards.get_now(conn), list[Sent]()
        for reward in await rewards.claim_ready(conn, amounts, most):
            trace.start(reward.traceparent)
            offers = [one for one in self._offers(rooms) if one.amount_fen == reward.amount_fen]
            work = partial(self._lease, conn, reward, offers, now)
            if sent := await moves.alone(conn, reward, work):
                rooms[sent.order.vendor] -= 1
                leased.append(sent)
        return leased

    async def _rooms(self, conn: Connection) -> dict[str, int]:
        """How many orders each vendor takes now: none while an operator must act."""
        names = [catalogue.vendor.name for catalogue in self.catalogues]
        return {name: await pauses.room(conn, name, AT_ONCE) for name in names}

    def _offers(self, rooms: Mapping[str, int]) -> list[Offer]:
        """What can be ordered now, of the preferred vendor first."""
        return [
            Offer(catalogue.vendor.name, fen, product)
            for catalogue in self.catalogues
            for fen, product in catalogue.sold.items()
            if rooms[catalogue.vendor.name] > 0
        ]

    async def _lease(
        self, conn: Connection, reward: Reward, offers: Sequence[Offer], now: datetime
    ) -> Sent | None:
        offer = routing.choose(offers, await orders.list_past(conn, reward.id))
        if offer is None:
            return None
        moved = move(reward, "leased", now, act_at=now + self.lease)
        made = Order(moved.order_id, offer.vendor, offer.product, moved.amount_fen, moved.attempt)
        if not await moves.save(conn, reward, moved, "leased", now, order=made):
            return None
        return Sent(moved, made)
