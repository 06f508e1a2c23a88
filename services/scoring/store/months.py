"""A month as leadership sees it: its complaints with all that became of them since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from asyncpg import Record

from services.scoring.store.facts import COUNTS
from shared.db import Connection

TRUE = "v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly')"
# Each complaint of the time once, by the day of its receipt; what is held is none yet.
COMPLAINTS = f"""
    SELECT c.case_id, c.submission_id, s.received_at,
        (s.received_at AT TIME ZONE $3)::date AS day
    FROM submissions s JOIN cases c ON c.submission_id = s.submission_id
    WHERE s.kind = 'complaint' AND s.received_at >= $1 AND s.received_at < $2 AND {COUNTS}
"""  # noqa: S608  the condition is this package's own
# What became of them.
BECAME = """
    FROM complaints c
    LEFT JOIN callbacks b ON b.case_id = c.case_id
    LEFT JOIN verdicts v ON v.case_id = c.case_id
    LEFT JOIN handed_in h ON h.case_id = c.case_id
    LEFT JOIN answers a ON a.submission_id = c.submission_id
    LEFT JOIN questions q ON q.submission_id = c.submission_id
    LEFT JOIN rewards r ON r.case_id = c.case_id AND r.paid_at IS NOT NULL
        AND r.reversed_at IS NULL
"""
Which = Literal[
    "complaints", "called", "called_rule", "verified", "verified_day", "verified_rule", "true",
    "rewards", "unsolved", "answered",
]  # fmt: skip
# A figure, and the list of what stands behind it, are of one meaning.
MEANS: Mapping[Which, str] = {
    "complaints": "true",
    "called": "b.state = 'reached' AND (b.called_at AT TIME ZONE $3)::date = c.day",
    "called_rule": "b.state = 'reached' AND b.called_at <= b.due_at",
    "verified": "v.case_id IS NOT NULL",
    "verified_day": "v.case_id IS NOT NULL AND (h.handed_at AT TIME ZONE $3)::date = c.day",
    "verified_rule": "v.case_id IS NOT NULL AND h.handed_at <= h.due_at",
    "true": TRUE,
    "rewards": "r.reward_id IS NOT NULL",
    "unsolved": "v.case_id IS NOT NULL AND NOT a.solved",
    "answered": "v.case_id IS NOT NULL AND a.revision >= q.revision",
}
_FIGURES = f"""
    WITH complaints AS ({COMPLAINTS})
    SELECT count(*) AS complaints,
        count(*) FILTER (WHERE b.state = 'reached') AS called_back,
        count(*) FILTER (WHERE {MEANS["called_rule"]}) AS called_back_in_time,
        count(*) FILTER (WHERE {MEANS["called"]}) AS called_back_same_day,
        count(*) FILTER (WHERE {MEANS["verified"]}) AS verified,
        count(*) FILTER (WHERE {MEANS["verified_rule"]}) AS verified_in_time,
        count(*) FILTER (WHERE {MEANS["verified_day"]}) AS verified_same_day,
        count(*) FILTER (WHERE {MEANS["true"]}) AS substantiated,
        count(*) FILTER (WHERE v.case_id IS NOT NULL AND a.solved IS NOT NULL) AS asked,
        count(*) FILTER (WHERE {MEANS["unsolved"]}) AS not_solved,
        count(*) FILTER (WHERE v.case_id IS NOT NULL AND q.revision IS NOT NULL) AS asked_by_sms,
        count(*) FILTER (WHERE {MEANS["answered"]}) AS answered_of_asked,
        count(*) FILTER (WHERE {MEANS["rewards"]}) AS rewards,
        coalesce(sum(r.amount_fen), 0)::bigint AS rewards_fen
    {BECAME}
"""
_DAYS = f"""
    WITH complaints AS ({COMPLAINTS})
    SELECT c.day, count(*) AS complaints, count(*) FILTER (WHERE {TRUE}) AS substantiated
    FROM complaints c LEFT JOIN verdicts v ON v.case_id = c.case_id
    GROUP BY c.day ORDER BY c.day
"""  # noqa: S608
_COUNT = f"WITH complaints AS ({COMPLAINTS}) SELECT count(*) FROM complaints"  # noqa: S608
_UNITS = "SELECT count(*) FROM units WHERE active"
# What several people said of one incident is one.
_TROUBLED = f"""
    SELECT u.unit_code, u.name, u.parent,
        count(DISTINCT v.found) FILTER (WHERE v.received_at < $2) AS first,
        count(DISTINCT v.found) FILTER (WHERE v.received_at >= $2 AND v.received_at < $3)
            AS second,
        count(DISTINCT v.found) FILTER (WHERE v.received_at >= $3) AS third
    FROM (SELECT v.unit_code, v.received_at, coalesce(i.incident_id, v.incident_id) AS found
          FROM verdicts v LEFT JOIN incidents i ON i.case_id = v.case_id
          WHERE {TRUE} AND v.received_at >= $1 AND v.received_at < $4) AS v
    JOIN units u ON u.unit_code = v.unit_code
    GROUP BY u.unit_code, u.name, u.parent
    HAVING count(*) FILTER (WHERE v.received_at >= $3) > 0
    ORDER BY third DESC, second DESC, first DESC, u.unit_code LIMIT $5
"""  # noqa: S608
_PRAISED = f"""
    SELECT u.unit_code, u.name, u.parent, count(DISTINCT p.submission_id) AS people
    FROM (SELECT submission_id, unit_code FROM commendations WHERE said_at >= $1 AND said_at < $2
          UNION ALL SELECT submission_id, unit_code FROM attributions
          WHERE badge IS NOT NULL AND said_at >= $1 AND said_at < $2) AS p
    JOIN submissions s ON s.submission_id = p.submission_id
    JOIN units u ON u.unit_code = p.unit_code
    WHERE {COUNTS} AND NOT EXISTS (SELECT FROM verdicts v WHERE v.unit_code = p.unit_code
        AND {TRUE} AND v.received_at >= $1 AND v.received_at < $2)
    GROUP BY u.unit_code, u.name, u.parent ORDER BY people DESC, u.unit_code LIMIT $3
"""  # noqa: S608


async def get_figures(
    conn: Connection, since: datetime, until: datetime, zone: str
) -> dict[str, int]:
    """What became of the complaints received between two times."""
    return dict(await conn.fetchrow(_FIGURES, since, until, zone) or {})


async def list_days(conn: Connection, since: datetime, until: datetime, zone: str) -> list[Record]:
    """Day, complaints and how many of them were found true; days without any are not there."""
    return list(await conn.fetch(_DAYS, since, until, zone))


async def count_complaints(conn: Connection, since: datetime, until: datetime, zone: str) -> int:
    """How many were received."""
    return int(await conn.fetchval(_COUNT, since, until, zone))


async def count_units(conn: Connection) -> int:
    """The open units that the operator may see."""
    return int(await conn.fetchval(_UNITS))


async def list_troubled(
    conn: Connection, starts: tuple[datetime, datetime, datetime], until: datetime, most: int
) -> list[Record]:
    """Units with incidents found true in the last of three months, the most of them first."""
    return list(await conn.fetch(_TROUBLED, *starts, until, most))


async def list_praised(
    conn: Connection, since: datetime, until: datetime, most: int
) -> list[Record]:
    """Units of which nothing was found true in this time, and whom the most people praised."""
    return list(await conn.fetch(_PRAISED, since, until, most))
