"""The gauges: how many cases are late, owe a word, or reach nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import Gauge

from services.verification.casework.store import lists, recusals, requests, words
from services.verification.paging import store as paging
from shared.db import Database

OVERDUE = Gauge("mashang_overdue_cases", "Cases with a callback, verification or review overdue")
UNSEEN = Gauge(
    "mashang_unseen_cases",
    "Open cases of integrity and pressure for which there is no inspection that may see them",
)
OWED = Gauge("mashang_owed_words", "Open cases whose citizen is owed a word by now")
UNANSWERED = Gauge("mashang_unanswered_urgent", "Urgent requests that nobody has acknowledged yet")

APPEALS = Gauge("mashang_waiting_appeals", "Officers' appeals that nobody has answered yet")
OLDEST = Gauge(
    "mashang_oldest_appeal_seconds", "How long the oldest of them waits; 0 where none does"
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
            UNANSWERED.set(await paging.count_unanswered(conn))
            OWED.set(await words.count_owed(conn))
            number, seconds = await requests.age_of_appeals(conn)
            self.unseen = await recusals.count_unseen(conn)
        UNSEEN.set(self.unseen)
        APPEALS.set(number)
        OLDEST.set(seconds)

    def state(self) -> Mapping[str, str]:
        """`ok`, or how many cases wait for an inspection that is not there."""
        return {"inspection": f"{self.unseen} cases that nobody may see" if self.unseen else "ok"}
