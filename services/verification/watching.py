"""The gauges: how many cases are late, owe a word, or reach nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.verification import metrics
from services.verification.casework.store import figures, lists, recusals, requests, words
from services.verification.casework.store.lists import Overdue
from services.verification.paging import store as paging
from shared.db import Connection, Database
from shared.policy import Policies


@dataclass
class Watch:
    """What the last look found, for readiness."""

    database: Database
    policies: Policies
    unseen: int = 0

    async def observe(self) -> None:
        """Set the gauges."""
        zone = self.policies.editions[-1].timezone
        async with self.database.acquire() as conn:
            await _observe_duties(conn, zone)
            await _observe_waiting(conn)
            self.unseen = await recusals.count_unseen(conn)
        metrics.UNSEEN.set(self.unseen)

    def state(self) -> Mapping[str, str]:
        """`ok`, or how many cases wait for an inspection that is not there."""
        return {"inspection": f"{self.unseen} cases that nobody may see" if self.unseen else "ok"}


async def _observe_duties(conn: Connection, zone: str) -> None:
    late, owed = await lists.count_overdue(conn), await words.count_owed(conn)
    for duty in ("callback", "verification", "review"):
        metrics.OVERDUE.labels(duty).set(getattr(late, duty))
    metrics.OVERDUE.labels("word").set(owed)
    for (duty, outcome), number in duties(await figures.get_figures(conn, zone), late).items():
        metrics.DUTIES.labels(duty, outcome).set(number)


def duties(done: Mapping[str, int], late: Overdue) -> dict[tuple[str, str], int]:
    """Complaints by duty and whether it was met; what is overdue now is missed, whatever comes."""
    return {
        ("callback", "met"): done["called_back_in_time"],
        ("callback", "missed"): done["called_back"] - done["called_back_in_time"] + late.uncalled,
        ("verification", "met"): done["verified_in_time"],
        ("verification", "missed"): done["verified"] - done["verified_in_time"] + late.unverified,
    }


async def _observe_waiting(conn: Connection) -> None:
    urgent, since = await paging.age_of_unanswered(conn)
    metrics.UNANSWERED.set(urgent)
    metrics.UNANSWERED_AGE_SECONDS.set(since)
    appeals, seconds = await requests.age_of_appeals(conn)
    metrics.APPEALS.set(appeals)
    metrics.APPEAL_AGE_SECONDS.set(seconds)
