"""The gauges: how many rewards are where, how old what is open is, and what waits for somebody."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import get_args

from services.rewards import metrics
from services.rewards.catalogue import Catalogue
from services.rewards.rules.states import State
from services.rewards.store import figures, reconciliations, stops
from services.rewards.store.figures import Ages, Stranded
from shared.db import Database
from shared.observe import log
from shared.values import clock
from shared.vendors import pauses

HALF_A_DAY = timedelta(hours=12)
_CHANGES_AT_ONCE = 5000


@dataclass
class Watch:
    """What the last look found, for readiness.

    `vendors` are those configured, `catalogues` what those sell that take new orders, `soon` how
    long before the two days are over it is told.
    """

    database: Database
    vendors: Collection[str]
    catalogues: Sequence[Catalogue]
    soon: Callable[[], timedelta] = lambda: HALF_A_DAY
    late: Ages = field(default_factory=lambda: Ages(timedelta(), timedelta(), 0, 0))
    seen: Stranded = field(default_factory=lambda: Stranded(0, 0, 0))
    held: Mapping[str, str] = field(default_factory=dict)
    stopped: int = 0

    async def observe(self) -> None:
        """Set the gauges; say it aloud when more rewards than before are about to be late."""
        sold = {fen for one in self.catalogues for fen in one.vendor.products.values()}
        self.seen, ages = await observe(self.database, self.vendors, sorted(sold), self.soon())
        if ages.due_soon > self.late.due_soon or ages.overdue > self.late.overdue:
            log.get().error("rewards late", count=ages.overdue, soon=ages.due_soon)
        self.late = ages
        self.held = await observe_vendors(self.database, self.catalogues)
        self.stopped = await observe_books(self.database, self.stopped)

    def state(self) -> Mapping[str, str]:
        """`ok`, or what a person must see to; the service works on meanwhile."""
        waiting = {
            "stops of vendors": self.stopped,
            "mismatches": self.seen.mismatches,
            "orders without their vendor": self.seen.without_vendor,
            "rewards without a product": self.seen.without_product,
            "rewards overdue": self.late.overdue,
            "rewards due soon": self.late.due_soon,
            "products that the vendor sells otherwise": sum(
                len(catalogue.wrong) for catalogue in self.catalogues
            ),
        }
        told = [f"{count} {name}" for name, count in waiting.items() if count]
        told += [f"{vendor} takes no orders ({code})" for vendor, code in self.held.items()]
        return {"money": ", ".join(told) or "ok"}


async def sum_states(database: Database) -> int:
    """Sum how many rewards came into each state, and left it; how many changes."""
    async with database.transaction() as conn:
        return await figures.add_up(conn, _CHANGES_AT_ONCE)


async def observe(
    database: Database,
    vendors: Collection[str],
    amounts: Collection[int],
    soon: timedelta = HALF_A_DAY,
) -> tuple[Stranded, Ages]:
    """Set them, and what waits for a person."""
    async with database.acquire() as conn:
        states = await figures.list_states(conn)
        ages = await figures.get_ages(conn, soon)
        stranded = await figures.get_stranded(conn, vendors, amounts)
    for state in get_args(State):
        metrics.REWARDS.labels(state).set(states.get(state, (0, 0))[0])
    metrics.UNKNOWN_AGE.set(ages.oldest_unknown.total_seconds())
    metrics.ACCEPTED_AGE.set(ages.oldest_accepted.total_seconds())
    metrics.OVERDUE.set(ages.overdue)
    metrics.DUE_SOON.set(ages.due_soon)
    metrics.UNPAID_AGE.set(ages.oldest_unpaid.total_seconds())
    metrics.PAUSED.set(ages.paused)
    metrics.MISMATCHES.set(stranded.mismatches)
    metrics.STRANDED.labels("vendor").set(stranded.without_vendor)
    metrics.STRANDED.labels("product").set(stranded.without_product)
    return stranded, ages


async def observe_books(database: Database, before: int = 0) -> int:
    """What the newest statements show; how many stops stand. More than before are told loudly."""
    async with database.acquire() as conn:
        standing = await stops.list_standing(conn)
        newest = await reconciliations.list_newest(conn)
    today = clock.service_day(clock.now())
    for one in newest:
        metrics.DIFFERENCES.labels(one["vendor"]).set(one["differences"])
        metrics.STATEMENT_AGE.labels(one["vendor"]).set((today - one["day"]).total_seconds())
    metrics.STOPPED.set(len(standing))
    if len(standing) > before:
        log.get().error("payouts stopped", vendor=standing[-1]["vendor"], count=len(standing))
    return len(standing)


async def observe_vendors(database: Database, catalogues: Sequence[Catalogue]) -> Mapping[str, str]:
    """Whether each vendor takes new orders; those that do not, and by which word of theirs."""
    names = [catalogue.vendor.name for catalogue in catalogues]
    async with database.acquire() as conn:
        held = await pauses.list_held(conn, names)
    for name in names:
        metrics.OPEN.labels(name).set(name not in held)
    return held
