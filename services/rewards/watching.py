"""The gauges: how many rewards are where, how old what is open is, and what waits for somebody."""

from collections.abc import Collection
from typing import get_args

from services.rewards import metrics
from services.rewards.rules.states import State
from services.rewards.store import figures
from shared.db import Database


async def observe(database: Database, vendors: Collection[str], amounts: Collection[int]) -> None:
    """Set them; `vendors` are those configured, `amounts` those that the first one sells."""
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
