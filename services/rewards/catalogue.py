"""What a vendor of new orders sells, by its own word: for an amount that it has not confirmed, no
order leaves.

The vendor need not be up when we start: what it cannot tell now is asked again before the first
order. What it sells otherwise than configured stops the start; found out later, it stops the orders
of that amount, loudly, until the one or the other is mended.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from services.rewards import metrics
from services.rewards.providers.protocol import Airtime, Listed
from shared.errors import Misconfigured
from shared.observe import log
from shared.values.backoff import backoff
from shared.values.money import yuan

# The start does not wait for a vendor that is slow.
AT_START_SECONDS = 3.0
SOON, SELDOM = timedelta(seconds=1), timedelta(minutes=1)
CONFIRMED_FOR = timedelta(hours=1)
Product = tuple[int, str]


@dataclass
class Catalogue:
    """The products of one vendor, and what it said of each."""

    vendor: Airtime
    confirmed: set[Product] = field(default_factory=set)
    _wrong: dict[Product, str] = field(default_factory=dict)
    _failures: int = 0
    _next_at: float = -1.0
    _asked_of: frozenset[Product] = frozenset()

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
    def sold(self) -> Mapping[int, str]:
        """What may be ordered: products by amount in fen, each confirmed."""
        return dict(sorted(self.confirmed & self._configured))

    @property
    def wrong(self) -> list[str]:
        """What is not sold as it is configured, a line each."""
        return [
            f"MASHANG_AIRTIME_VENDORS: {self.vendor.name} sells {said} as its product {product},"
            f" which is configured for {yuan(fen)} CNY"
            for (fen, product), said in sorted(self._wrong.items())
        ]

    @property
    def _configured(self) -> frozenset[Product]:
        return frozenset(self.vendor.products.items())

    async def look(self) -> None:
        """Ask about every product whose time has come."""
        changed = self._asked_of != self._configured
        if not changed and time.monotonic() < self._next_at:
            return
        self._asked_of = self._configured
        self._wrong = {one: said for one, said in self._wrong.items() if one in self._asked_of}
        heard = [await self._ask(one) for one in sorted(self._configured)]
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
            self.confirmed.add(one)
            return
        self.confirmed.discard(one)
        self._wrong[one] = listed.said
        log.get().error("product sold otherwise", vendor=self.vendor.name, reason=listed.said)

    def _observe(self) -> None:
        known = {"confirmed": len(self.sold), "wrong": len(self._wrong)}
        known["unconfirmed"] = len(self._configured) - sum(known.values())
        for state, count in known.items():
            metrics.PRODUCTS.labels(self.vendor.name, state).set(count)
