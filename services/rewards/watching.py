"""The gauges: how many rewards are where, how old what is open is, and what waits for somebody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import get_args

from services.rewards import metrics
from services.rewards.catalogue import Catalogue
from services.rewards.rules.states import State
from services.rewards.store import figures
from services.rewards.store.figures import Stranded
from shared.db import Database


@dataclass
class Watch:
    """What the last look found, for readiness: `vendors` are those configured, `catalogue` what the
    first one sells."""

    database: Database
    vendors: Collection[str]
    catalogue: Catalogue
    seen: Stranded = field(default_factory=lambda: Stranded(0, 0, 0))

    async def observe(self) -> None:
        """Set the gauges."""
        amounts = list(self.catalogue.vendor.products)
        self.seen = await observe(self.database, self.vendors, amounts)

    def state(self) -> Mapping[str, str]:
        """`ok`, or what a person must see to; the service works on meanwhile."""
        waiting = {
            "mismatches": self.seen.mismatches,
            "orders without their vendor": self.seen.without_vendor,
            "rewards without a product": self.seen.without_product,
            "products that the vendor sells otherwise": len(self.catalogue.wrong),
        }
        told = [f"{count} {name}" for name, count in waiting.items() if count]
        return {"money": ", ".join(told) or "ok"}


async def observe(
    database: Database, vendors: Collection[str], amounts: Collection[int]
) -> Stranded:
    """Set them, and what waits for a person."""
    async with database.acquire() as conn:
        states = await figures.list_states(conn)
        ages = await figures.get_ages(conn)
        stranded = await figures.get_stranded(conn, vendors, amounts)
    for state in get_args(State):
        metrics.REWARDS.labels(state).set(states.get(state, (0, 0))[0])
    metrics.UNKNOWN_AGE.set(ages.oldest_unknown.total_seconds())
    metrics.ACCEPTED_AGE.set(ages.oldest_accepted.total_seconds())
    metrics.OVERDUE.set(ages.overdue)
    metrics.PAUSED.set(ages.paused)
    metrics.MISMATCHES.set(stranded.mismatches)
    metrics.STRANDED.labels("vendor").set(stranded.without_vendor)
    metrics.STRANDED.labels("product").set(stranded.without_product)
    return stranded
