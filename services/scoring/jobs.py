"""What scoring does by the clock."""

from dataclasses import dataclass

from services.scoring import books, metrics
from services.scoring.announcing import tell
from services.scoring.rules import plan
from services.scoring.rules.sanctions import counted
from services.scoring.store import demands, figures, older, papers, totals, troubled, verdicts
from shared.db import Database
from shared.observe import log
from shared.policy import Policies
from shared.values import clock

_AT_ONCE = 100
_CASES_AT_ONCE = 1000


@dataclass(frozen=True)
class Observer:
    """Brings the figures into the metrics."""

    database: Database
    policies: Policies

    async def observe(self) -> None:
        """Set the gauges."""
        async with self.database.acquire() as conn:
            counts = await figures.get_figures(conn, self.policies.editions[-1].timezone)
        metrics.PAID_FEN.set(counts.pop("rewards_paid_fen"))
        metrics.DEDUCTED.set(counts.pop("points_deducted_centipoints") / 100)
        for name, value in counts.items():
            metrics.FIGURES.labels(name).set(value)


async def sum_figures(database: Database, policies: Policies) -> int:
    """Sum what the figures gained and lost since; of how many cases."""
    async with database.transaction() as conn:
        return await totals.add_up(conn, policies.editions[-1].timezone, _CASES_AT_ONCE)


async def count_months(database: Database, policies: Policies) -> int:
    """Count units' months again of which the verdicts have changed; how many verdicts."""
    async with database.transaction() as conn:
        return await troubled.add_up(conn, policies.editions[-1].timezone, _CASES_AT_ONCE)


async def make_up(database: Database, policies: Policies) -> int:
    """What the later rules demand of cases from before them: a unit at a time; whether there was.

    Under the lock on verdicts no longer than a verdict of that unit would take.
    """
    async with database.transaction() as conn:
        unit = await older.next_unit(conn)
        if unit is None:
            return 0
        await demands.lock_verdicts(conn)
        cases = await older.take(conn, unit)
        scopes = [scope for scope in plan.scopes_of(cases) if scope.kind != "case"]
        held = await verdicts.list_facts(conn, scopes)
        in_force = await demands.get_in_force(conn, scopes)
        changes = plan.missed(plan.decide(scopes, held, in_force, policies))
        known = {fact.case_id: fact for fact in held}
        for change in changes:
            last = known[counted(change.demand, held, policies)[-1]]
            await books.save(conn, last, [change], policies)
    log.get().info("older verdicts looked at", unit_code=unit, count=len(changes))
    return 1


async def tell_older(database: Database) -> int:
    """Tell the desk of documents from before it was told of any; how many."""
    async with database.transaction() as conn:
        found = await papers.take_untold(conn, _AT_ONCE)
        await tell(conn, found, "issued", clock.now())
    return len(found)
