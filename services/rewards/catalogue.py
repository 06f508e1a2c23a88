"""What a vendor of new orders sells, and to whose numbers, by its own word.

Of a product that it has not confirmed, no order leaves.

The vendor need not be up when we start: what it cannot tell now is asked again before the first
order. What it sells otherwise than configured stops the start; found out later, it stops the orders
of that product, loudly, until the one or the other is mended.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from services.rewards import metrics
from services.rewards.providers.protocol import Airtime, Listed
from services.rewards.rules import numbers
from services.rewards.rules.numbers import UNSOLD, Refusal, Word
from services.rewards.rules.routing import Offer
from shared.errors import Misconfigured
from shared.observe import log
from shared.values.backoff import backoff
from shared.values.money import yuan
from shared.vendors.outcomes import TryLater, kind

# The start does not wait for a vendor that is slow.
AT_START_SECONDS = 3.0
SOON, SELDOM = timedelta(seconds=1), timedelta(minutes=1)
CONFIRMED_FOR = timedelta(hours=1)
# The number's network may be that of a product which the vendor has still to confirm.
UNCONFIRMED = TryLater("not_confirmed", SOON)
Product = tuple[int, str]


@dataclass
class Catalogue:
    """The products of one vendor, and what it said of each: of the confirmed ones, whose numbers
    get them.
    """

    vendor: Airtime
    confirmed: dict[Product, str | None] = field(default_factory=dict)
    _wrong: dict[Product, str] = field(default_factory=dict)
    _failures: int = 0
    _next_at: float = -1.0
    _asked_of: tuple[Product, ...] = ()

    async def __aenter__(self) -> Self:
        """Ask once. Misconfigured if the vendor sells something else."""
        with suppress(TimeoutError):
            async with asyncio.timeout(AT_START_SECONDS):
                await self.look()
        if self.wrong:
            raise Misconfigured("\n".join(self.wrong))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held."""

    @property
    def offers(self) -> list[Offer]:
        """What may be ordered: each is confirmed, those of an amount as they are configured."""
        return [
            Offer(self.vendor.name, *one, self.confirmed[one])
            for one in self._configured
            if one in self.confirmed
        ]

    async def serve(self, number: str, offers: Sequence[Offer]) -> Offer | Refusal:
        """Which of these a number in E.164 gets: some vendors must be asked whose it is now."""
        if not self.vendor.by_network:
            return offers[0]
        return self.judge(await self.ask_about(number), offers)

    async def ask_about(self, number: str) -> Word:
        """What the vendor says of a number."""
        word = await self.vendor.check(number)
        said = kind(word) if isinstance(word, Refusal) else "done"
        metrics.OUTCOMES.labels(self.vendor.name, "check", said).inc()
        return word

    def judge(self, word: Word, offers: Sequence[Offer]) -> Offer | Refusal:
        """What follows from its word, while not every product may be confirmed."""
        found = numbers.serve(offers, word)
        all_told = len(self.offers) == len(self._configured)
        return found if all_told or found != UNSOLD else UNCONFIRMED

    @property
    def wrong(self) -> list[str]:
        """What is not sold as it is configured, a line each."""
        told = f"MASHANG_AIRTIME_VENDORS: {self.vendor.name} sells"
        otherwise = [
            f"{told} {said} as its product {product}, which is configured for {yuan(fen)} CNY"
            for (fen, product), said in sorted(self._wrong.items())
        ]
        return otherwise + [
            f"{told} its product {product} of {yuan(fen)} CNY to the network of {first}, too"
            for fen, first, product in self._twice
        ]

    @property
    def _twice(self) -> list[tuple[int, str, str]]:
        """Of one amount two products of one network: another network's is missing, by a slip."""
        found, first = list[tuple[int, str, str]](), dict[tuple[int, str], str]()
        for offer in self.offers:
            if offer.network is not None:
                key = (offer.amount_fen, offer.network)
                if (before := first.setdefault(key, offer.product)) != offer.product:
                    found.append((offer.amount_fen, before, offer.product))
        return found

    @property
    def _configured(self) -> tuple[Product, ...]:
        return tuple((fen, product) for product, fen in self.vendor.products.items())

    async def look(self) -> None:
        """Ask about every product whose time has come."""
        changed = self._asked_of != self._configured
        if not changed and time.monotonic() < self._next_at:
            return
        self._asked_of = self._configured
        self._wrong = {one: said for one, said in self._wrong.items() if one in self._asked_of}
        heard = [await self._ask(one) for one in self._configured]
        self._failures = 0 if all(heard) else self._failures + 1
        self._next_at = time.monotonic() + self._pause().total_seconds()
        self._observe()

    def _pause(self) -> timedelta:
        if self._failures:
            return backoff(self._failures - 1, SOON, SELDOM)
        return SELDOM if self._wrong else CONFIRMED_FOR

    async def _ask(self, one: Product) -> bool:
        """Whether the vendor told; what it does not tell now stands as it said before."""
        listed = await self.vendor.look_up(one[1])
        if not isinstance(listed, Listed):
            log.get().warning("product not confirmed", vendor=self.vendor.name, code=listed.code)
            return False
        self._hear(one, listed)
        return True

    def _hear(self, one: Product, listed: Listed) -> None:
        self._wrong.pop(one, None)
        if listed.amount_fen == one[0]:
            self.confirmed[one] = listed.network
            return
        self.confirmed.pop(one, None)
        self._wrong[one] = listed.said
        log.get().error("product sold otherwise", vendor=self.vendor.name, reason=listed.said)

    def _observe(self) -> None:
        known = {"confirmed": len(self.offers), "wrong": len(self._wrong)}
        known["unconfirmed"] = len(self._configured) - sum(known.values())
        for state, count in known.items():
            metrics.PRODUCTS.labels(self.vendor.name, state).set(count)
