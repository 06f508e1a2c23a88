"""What a figure of a month means, and whom it is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from asyncpg import Record

from services.scoring.store.facts import COUNTS
from shared.db import Connection

TRUE = "v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly')"


def complaints(those: str) -> str:
    """Each of those complaints once, by the day of its receipt; what is held is none yet."""
    return f"""
        SELECT c.case_id, c.submission_id, s.received_at, s.unit_code AS came_to,
            (s.received_at AT TIME ZONE $3)::date AS day
        FROM submissions s JOIN cases c ON c.submission_id = s.submission_id
        WHERE s.kind = 'complaint' AND {those} AND {COUNTS}
    """  # noqa: S608  the conditions are this package's own


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
_UNITS = "SELECT count(*) FROM units WHERE active"
# Units first: where much is said, something is mostly found true, and no praise need be counted.
_PRAISED = f"""
    WITH quiet AS MATERIALIZED (
        SELECT u.unit_code, u.name, u.parent FROM units u LEFT JOIN LATERAL (
            SELECT true AS found FROM verdicts v WHERE v.unit_code = u.unit_code AND {TRUE}
            AND v.received_at >= $1 AND v.received_at < $2 LIMIT 1) AS v ON true
        WHERE v.found IS NULL
    )
    SELECT q.unit_code, q.name, q.parent, n.people FROM quiet q CROSS JOIN LATERAL (
        SELECT count(DISTINCT p.submission_id) AS people FROM (
            SELECT submission_id FROM commendations
            WHERE unit_code = q.unit_code AND said_at >= $1 AND said_at < $2
            UNION ALL SELECT submission_id FROM attributions WHERE unit_code = q.unit_code
            AND badge IS NOT NULL AND said_at >= $1 AND said_at < $2) AS p
        CROSS JOIN LATERAL (
            SELECT * FROM submissions WHERE submission_id = p.submission_id LIMIT 1) AS s
        WHERE {COUNTS}) AS n
    WHERE n.people > 0 ORDER BY n.people DESC, q.unit_code LIMIT $3
"""  # noqa: S608


async def count_units(conn: Connection) -> int:
    """The open units that the operator may see."""
    return int(await conn.fetchval(_UNITS))


async def list_praised(
    conn: Connection, since: datetime, until: datetime, most: int
) -> list[Record]:
    """Units of which nothing was found true in this time, and whom the most people praised."""
    return list(await conn.fetch(_PRAISED, since, until, most))
