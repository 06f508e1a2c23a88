"""What the witnesses say: the raw facts, and what each service made of them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from shared.flows import SERVICES
from tests.chaos.callers import Callers
from tests.chaos.city import City
from tests.chaos.people import Filed

Rows = Sequence[Mapping[str, Any]]
QUERIES: Mapping[str, tuple[str, str]] = {
    "submissions": ("intake", "SELECT id::text FROM submissions"),
    "cases": (
        "verification",
        """SELECT case_id, submission_id::text, kind, unit_code, incident_id, received_at, state,
                  phone_sealed IS NOT NULL AS has_phone FROM cases""",
    ),
    "verdicts": (
        "verification",
        """SELECT case_id, revision, verdict, attribution, officers, categories FROM verdicts
           ORDER BY case_id, revision""",
    ),
    "rewards": (
        "rewards",
        """SELECT case_id, state, reason, incident_id, sent_at, withdrawn_at, attempt
           FROM rewards""",
    ),
    "left_after_withdrawal": (
        "rewards",
        # By versions: times are those of the transactions' beginnings, which may overlap.
        """SELECT t.reward_id, t.version FROM payout_transitions t
           WHERE t.step IN ('leased', 'resent') AND 'withdrawn' = (
               SELECT w.step FROM payout_transitions w
               WHERE w.reward_id = t.reward_id AND w.version < t.version
                   AND w.step IN ('withdrawn', 'reinstated', 'entitled')
               ORDER BY w.version DESC LIMIT 1)""",
    ),
    "balances": ("scoring", "SELECT unit_code, balance_centipoints FROM unit_scores"),
    "ledger": (
        "scoring",
        """SELECT unit_code, sum(delta_centipoints)::int AS balance FROM points_entries
           GROUP BY unit_code""",
    ),
    "strikes": (
        "scoring",
        """SELECT badge, case_id, incident_id, sum(delta)::int AS times FROM strikes
           GROUP BY badge, case_id, incident_id HAVING sum(delta) <> 0""",
    ),
    "criticisms": (
        "scoring",
        """SELECT c.case_id FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
           WHERE w.number IS NULL""",
    ),
    "messages": ("notifications", "SELECT message_id, case_id, purpose, state FROM messages"),
}
WAITING = """
    SELECT (SELECT count(*) FROM outbox) AS outbox,
           (SELECT count(*) FROM inbox_pending WHERE state = 'pending') AS pending,
           (SELECT count(*) FROM inbox_pending WHERE state = 'parked') AS parked
"""


@dataclass(frozen=True)
class Facts:
    """Everything at one moment; `filed` is the citizens' own list, `book` the vendors'."""

    filed: Sequence[Filed]
    book: Mapping[str, Any]
    rows: Mapping[str, Rows]
    waiting: Mapping[str, int]
    figures: Mapping[str, Mapping[str, int]]


async def gather(city: City, callers: Callers, filed: Sequence[Filed]) -> Facts:
    """Ask all of them."""
    rows: dict[str, Rows] = {}
    waiting = {"outbox": 0, "pending": 0, "parked": 0}
    for service in SERVICES:
        conn = await asyncpg.connect(city.database_url(service))
        try:
            await conn.execute("SELECT set_config('mashang.scope', '*', false)")
            for name, (owner, query) in QUERIES.items():
                if owner == service:
                    rows[name] = [dict(row) for row in await conn.fetch(query)]
            for name, count in dict(await conn.fetchrow(WAITING) or {}).items():
                waiting[name] += count
        finally:
            await conn.close()
    asked = [callers.shown(service, "/api/v1/figures") for service in SERVICES]
    figures = dict(zip(SERVICES, await asyncio.gather(*asked), strict=True))
    return Facts(tuple(filed), await callers.book(), rows, waiting, figures)
