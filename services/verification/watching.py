"""The gauges: how many cases are late, and how many reach nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import Gauge

from services.verification.casework.store import lists, recusals
from shared.db import Database

OVERDUE = Gauge("mashang_overdue_cases", "Cases with a callback, verification or review overdue")
UNSEEN = Gauge(
    "mashang_unseen_cases",
    "Open cases of integrity and pressure for which there is no inspection that may see them",
)


@dataclass
class Watch:
    """What the last look found, for readiness."""

    database: Database
    unseen: int = 0

    async def observe(self) -> None:
        """Set the gauges."""
        async with self.database.acquire() as conn:
            OVERDUE.set(await lists.count_overdue(conn))
            self.unseen = await recusals.count_unseen(conn)
        UNSEEN.set(self.unseen)

    def state(self) -> Mapping[str, str]:
        """`ok`, or how many cases wait for an inspection that is not there."""
        return {"inspection": f"{self.unseen} cases that nobody may see" if self.unseen else "ok"}
