"""Rule 16's table over everything that scoring knows of, and a unit's ratings by month."""

from datetime import date

from asyncpg import Record

from services.scoring.store import totals
from services.scoring.store.facts import COUNTS
from shared.db import Connection

# As the running totals should be (see `totals`).
_ALL = """
    SELECT * FROM
    (SELECT count(*) AS cases, count(*) FILTER (WHERE kind = 'complaint') AS complaints
     FROM cases) AS c,
    (SELECT count(*) AS called_back,
            count(*) FILTER (WHERE b.called_at <= b.due_at) AS called_back_in_time,
            count(*) FILTER (WHERE (b.called_at AT TIME ZONE $1)::date
                             = (s.received_at AT TIME ZONE $1)::date) AS called_back_same_day
     FROM callbacks b JOIN cases c USING (case_id)
     LEFT JOIN submissions s ON s.submission_id = b.submission_id
     WHERE b.state = 'reached' AND c.kind = 'complaint') AS b,
    (SELECT count(*) AS verified,
            count(*) FILTER (WHERE h.handed_at <= h.due_at) AS verified_in_time,
            count(*) FILTER (WHERE (h.handed_at AT TIME ZONE $1)::date
                             = (v.received_at AT TIME ZONE $1)::date) AS verified_same_day,
            count(*) FILTER (WHERE verdict IN ('substantiated', 'partly')) AS substantiated
     FROM verdicts v LEFT JOIN handed_in h USING (case_id) WHERE kind = 'complaint') AS v,
    (SELECT count(*) AS rated, count(*) FILTER (WHERE solved) AS solved,
            count(*) FILTER (WHERE NOT solved) AS not_solved,
            count(*) FILTER (WHERE satisfied) AS satisfied,
            count(*) FILTER (WHERE NOT satisfied) AS not_satisfied
     FROM answers WHERE kind = 'complaint') AS a,
    (SELECT count(*) AS asked_by_sms,
            count(*) FILTER (WHERE a.revision >= q.revision) AS answered_of_asked
     FROM questions q JOIN cases c USING (submission_id) LEFT JOIN answers a USING (submission_id)
     WHERE c.kind = 'complaint') AS q,
    (SELECT count(*) - (SELECT count(*) FROM criticism_withdrawals) AS criticisms
     FROM criticisms) AS n,
    (SELECT count(*) FILTER (WHERE paid_at IS NOT NULL AND reversed_at IS NULL) AS rewards_paid,
            coalesce(sum(amount_fen) FILTER (WHERE paid_at IS NOT NULL AND reversed_at IS NULL),
                     0)::bigint AS rewards_paid_fen,
            count(*) FILTER (WHERE decision = 'held' AND paid_at IS NULL) AS rewards_held,
            count(*) FILTER (WHERE decision = 'manual' AND paid_at IS NULL) AS rewards_manual,
            count(*) FILTER (WHERE decision = 'withdrawn' AND paid_at IS NULL)
                AS rewards_withdrawn,
            count(*) FILTER (WHERE decision = 'refused' AND paid_at IS NULL) AS rewards_refused,
            count(*) FILTER (WHERE reversed_at IS NOT NULL) AS rewards_reversed
     FROM rewards) AS r,
    (SELECT coalesce(-sum(balance_centipoints), 0)::bigint AS points_deducted_centipoints
     FROM unit_scores) AS p
"""
# A statement of ours has 25 seconds otherwise.
_PATIENCE = 600.0
_POINTS = "SELECT coalesce(-sum(balance_centipoints), 0)::bigint FROM unit_scores"
_SATISFACTION = f"""
    SELECT month, satisfaction, count(*) FROM submissions s
    WHERE unit_code = $1 AND satisfaction IS NOT NULL AND month >= $2 AND {COUNTS}
    GROUP BY month, satisfaction ORDER BY month DESC, satisfaction DESC
"""  # noqa: S608  the condition is the facts' own


async def get_figures(conn: Connection, zone: str) -> dict[str, int]:
    """Rule 16's table, as far as scoring knows it."""
    found = await totals.read(conn, zone)
    if found is None:
        return await count_all(conn, zone)
    return found | {"points_deducted_centipoints": await conn.fetchval(_POINTS)}


async def count_all(conn: Connection, zone: str, *, patient: bool = False) -> dict[str, int]:
    """The same, from the cases alone; `patient` however long that takes."""
    if patient:
        await conn.execute(f"SET LOCAL statement_timeout = '{_PATIENCE:.0f}s'")
    return dict(await conn.fetchrow(_ALL, zone, timeout=_PATIENCE if patient else None) or {})


async def list_satisfaction(conn: Connection, unit_code: str, since: date) -> list[Record]:
    """Ratings by month and level, newest month first."""
    return list(await conn.fetch(_SATISFACTION, unit_code, since))
