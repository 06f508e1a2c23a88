"""Whom citizens praised: chosen by them, or told by the desk; how often in each month."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.scoring.store.facts import COUNTS
from shared.db import Connection
from shared.events import CommendationAttributed, SubmissionAdded, SubmissionReceived

Praising = SubmissionReceived | SubmissionAdded

_ADD = """
    INSERT INTO commendations (commendation_id, submission_id, unit_code, badge, said_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT DO NOTHING
"""
_MARK = """
    INSERT INTO attributions (commendation_id, submission_id, unit_code, badge, said_at, number)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (commendation_id) DO UPDATE SET badge = excluded.badge, number = excluded.number
    WHERE attributions.number < excluded.number
"""
# What is held counts once it is released; words that came later are the same person's praise.
_MONTHS = f"""
    SELECT date_trunc('month', c.said_at AT TIME ZONE $2)::date AS month, c.badge,
           o.name, count(DISTINCT c.submission_id) AS number
    FROM (SELECT submission_id, unit_code, badge, said_at FROM commendations
          UNION ALL SELECT submission_id, unit_code, badge, said_at FROM attributions
          WHERE badge IS NOT NULL) AS c
    JOIN submissions s USING (submission_id) LEFT JOIN officers o ON o.badge = c.badge
    WHERE c.said_at >= $3 AND {COUNTS} AND {{whose}} = $1
    GROUP BY 1, c.badge, o.name ORDER BY 1 DESC, number DESC, c.badge
"""  # noqa: S608  the condition is this package's own
_OF_UNIT, _OF_OFFICER = _MONTHS.format(whose="c.unit_code"), _MONTHS.format(whose="c.badge")


async def add(conn: Connection, praise: Sequence[Praising]) -> None:
    """Each submission once, and each of its additions."""
    if praise:
        await conn.execute(_ADD, *map(list, zip(*map(_row, praise), strict=True)))


def _row(event: Praising) -> tuple[object, ...]:
    if isinstance(event, SubmissionAdded):
        own, said_at = event.addition_id, event.added_at
    else:
        own, said_at = event.submission_id, event.received_at
    return own, event.submission_id, event.unit_code, event.officer_badge, said_at


async def mark(conn: Connection, event: CommendationAttributed) -> None:
    """The newest word on whom it means counts."""
    row = (event.commendation_id, event.submission_id, event.unit_code, event.officer_badge)
    await conn.execute(_MARK, *row, event.said_at, event.number)


async def list_of_unit(
    conn: Connection, unit_code: str, zone: str, since: datetime
) -> list[Record]:
    """How many people praised each officer there, by month, newest first."""
    return list(await conn.fetch(_OF_UNIT, unit_code, zone, since))


async def list_of_officer(conn: Connection, badge: str, zone: str, since: datetime) -> list[Record]:
    """How many people praised an officer, wherever they served."""
    return list(await conn.fetch(_OF_OFFICER, badge, zone, since))
