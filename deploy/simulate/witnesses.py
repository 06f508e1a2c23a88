"""What the program holds: the rows of its databases, and the figures that it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.simulate.city import City
from shared.access import Operator

Rows = Sequence[Mapping[str, Any]]
QUERIES: Mapping[str, tuple[str, str]] = {
    "cases": ("verification", "SELECT case_id, number, submission_id FROM cases"),
    "notices": ("verification", "SELECT case_id, deadline_at, level, level_key FROM notices"),
    "acknowledgements": (
        "verification",
        """SELECT case_id, deadline_at, level FROM notice_acknowledgements
           JOIN notices USING (notice_id)""",
    ),
    "reminders": (
        "verification",
        """SELECT n.case_id, n.deadline_at, n.level, r.number FROM notice_reminders r
           JOIN notices n USING (notice_id)""",
    ),
    "pages": ("verification", "SELECT case_id, number, level, phone_place FROM duty_pages"),
    "missed": ("verification", "SELECT case_id, due_at FROM missed_words"),
    "words": ("verification", "SELECT case_id, words_given FROM cases WHERE words_given > 0"),
    "pressure": (
        "verification",
        "SELECT submission_id, about FROM cases WHERE kind = 'pressure'",
    ),
    "balances": ("scoring", "SELECT unit_code, balance_centipoints FROM unit_scores"),
    "ledger": (
        "scoring",
        """SELECT unit_code, sum(delta_centipoints)::int AS balance FROM points_entries
           GROUP BY unit_code""",
    ),
    "strikes": (
        "scoring",
        """SELECT badge, case_id, incident_id FROM strikes
           GROUP BY badge, case_id, incident_id HAVING sum(delta) <> 0""",
    ),
    "sanctions": (
        "scoring",
        """SELECT rule, coalesce(badge, unit_code) AS subject, coalesce(period, '') AS period
           FROM sanctions LEFT JOIN sanction_withdrawals w USING (sanction_id)
           WHERE w.sanction_id IS NULL""",
    ),
    "criticisms": (
        "scoring",
        """SELECT c.case_id FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
           WHERE w.number IS NULL""",
    ),
    "clearings": (
        "scoring",
        """SELECT badge, unnest(case_ids) AS case_id FROM papers
           LEFT JOIN paper_withdrawals w USING (kind, year, number)
           WHERE kind = 'clearing' AND w.number IS NULL""",
    ),
    "rewards": ("rewards", "SELECT case_id, state, reason, amount_fen, month FROM rewards"),
    "alerts": ("rewards", "SELECT alerted_at FROM alerts"),
    "alerted": ("notifications", "SELECT created_at FROM messages WHERE purpose = 'money'"),
    "messages": ("notifications", "SELECT case_id, purpose, state FROM messages"),
}
LEFT = """
    SELECT (SELECT count(*) FROM outbox) AS outbox,
           (SELECT count(*) FROM inbox_pending WHERE state = 'pending') AS pending,
           (SELECT count(*) FROM inbox_pending WHERE state = 'parked') AS parked
"""
ASKED = ("verification", "scoring", "rewards")


@dataclass(frozen=True)
class Held:
    """All of it, at the end."""

    rows: Mapping[str, Rows]
    figures: Mapping[str, Mapping[str, int]]
    left: Mapping[str, int]


async def gather(city: City, reader: Operator) -> Held:
    """Ask all of them; `reader` may read figures."""
    rows: dict[str, Rows] = {}
    left: dict[str, int] = {}
    for name, part in city.parts.items():
        async with part.database.acquire() as conn:
            for what, (owner, query) in QUERIES.items():
                if owner == name:
                    rows[what] = [dict(row) for row in await conn.fetch(query)]
            for what, number in dict(await conn.fetchrow(LEFT) or {}).items():
                left[f"{name}'s {what}"] = number
    figures = {
        name: (await city.read(name, "/api/v1/figures", reader, {})).model_dump() for name in ASKED
    }
    return Held(rows, figures, left)
