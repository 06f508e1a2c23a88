"""What scoring does by the clock."""

from dataclasses import dataclass

from services.scoring import metrics
from services.scoring.store import facts
from shared.db import Database
from shared.policy import Policies


@dataclass(frozen=True)
class Observer:
    """Brings the figures into the metrics."""

    database: Database
    policies: Policies

    async def observe(self) -> None:
        """Set the gauges."""
        async with self.database.acquire() as conn:
            figures = await facts.get_figures(conn, self.policies.editions[-1].timezone)
        for name, value in figures.items():
            metrics.FIGURES.labels(name).set(value)
