"""What became of each day's complaints, by unit: kept as it stands, counted anew with each change.

`totals.add_up` tells of whose figures something changed; their days are counted again at their
units. Whoever asks counts those that are noted and not yet summed beside the rest: always what a
count of all complaints gives. Days of before are counted one by one, the newest first.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record

from services.scoring.store.months import BECAME, MEANS, complaints
from shared.db import Connection
from shared.values import clock

COUNTS = {
    "complaints": MEANS["complaints"],
    "called_back": "b.state = 'reached'",
    "called_back_in_time": MEANS["called_rule"],
    "called_back_same_day": MEANS["called"],
    "verified": MEANS["verified"],
    "verified_in_time": MEANS["verified_rule"],
    "verified_same_day": MEANS["verified_day"],
    "substantiated": MEANS["true"],
    "asked": "v.case_id IS NOT NULL AND a.solved IS NOT NULL",
    "not_solved": MEANS["unsolved"],
    "asked_by_sms": "v.case_id IS NOT NULL AND q.revision IS NOT NULL",
    "answered_of_asked": MEANS["answered"],
    "rewards": MEANS["rewards"],
    "called_told": f"{MEANS['called']} AND v.case_id IS NOT NULL",
    "called_rule_told": f"{MEANS['called_rule']} AND v.case_id IS NOT NULL",
    "rewards_told": f"{MEANS['rewards']} AND v.case_id IS NOT NULL",
}
_NAMES = (*COUNTS, "rewards_fen")
_COLUMNS = ", ".join(_NAMES)
_COUNTED = ", ".join(
    (*(f"count(*) FILTER (WHERE {counts}) AS {name}" for name, counts in COUNTS.items()),
     "coalesce(sum(r.amount_fen), 0)::bigint AS rewards_fen")
)  # fmt: skip
_SUMMED = ", ".join(f"sum({name})::bigint AS {name}" for name in _NAMES)
# The first moment of a day at the bureau; $3 is the zone everywhere.
_BEGINS = "(({})::timestamp AT TIME ZONE $3)"
_OF_CELL = complaints(
    f"s.unit_code = cell.unit_code AND s.received_at >= {_BEGINS.format('cell.day')}"
    f" AND s.received_at < {_BEGINS.format('cell.day + 1')}"
)
# The days and units of `cells`, counted from their complaints.
_OF_CELLS = f"""
    SELECT cell.day, cell.unit_code, n.* FROM cells AS cell CROSS JOIN LATERAL (
        WITH complaints AS ({_OF_CELL}) SELECT {_COUNTED} {BECAME}) AS n
"""  # noqa: S608  the parts are this package's own
# The submissions of what was noted, submissions or cases.
WHOSE = """
    whose AS MATERIALIZED (
        SELECT key FROM noted UNION
        SELECT c.submission_id FROM noted CROSS JOIN LATERAL (
            SELECT submission_id FROM cases WHERE case_id = noted.key LIMIT 1) AS c
    )
"""
# Where they are complaints between two times.
_CELLS = f"""
    {WHOSE}, cells AS MATERIALIZED (
        SELECT DISTINCT (s.received_at AT TIME ZONE $3)::date AS day, s.unit_code
        FROM whose CROSS JOIN LATERAL (
            SELECT * FROM submissions WHERE submission_id = whose.key LIMIT 1) AS s
        WHERE s.kind = 'complaint' AND s.received_at >= $1 AND s.received_at < $2
    )
"""  # noqa: S608
_READ = f"""
    WITH noted AS (SELECT DISTINCT key FROM figure_news), {_CELLS}
    SELECT day, {_SUMMED} FROM (
        SELECT day, {_COLUMNS} FROM figure_days d
        WHERE day >= ($1 AT TIME ZONE $3)::date AND day < ($2 AT TIME ZONE $3)::date
            AND NOT EXISTS (SELECT FROM cells
                WHERE cells.day = d.day AND cells.unit_code = d.unit_code)
        UNION ALL SELECT day, {_COLUMNS} FROM ({_OF_CELLS}) AS fresh
    ) AS days GROUP BY day HAVING sum(complaints) > 0 ORDER BY day
"""  # noqa: S608
_ALL = f"""
    WITH complaints AS ({complaints("s.received_at >= $1 AND s.received_at < $2")})
    SELECT c.day, {_COUNTED} {BECAME} GROUP BY c.day ORDER BY c.day
"""
_KNOWN = """
    SELECT EXISTS (SELECT FROM figure_progress WHERE zone = $2 AND since <= $1)
"""
_KEEP = f"""
    INSERT INTO figure_days (day, unit_code, {_COLUMNS})
    SELECT day, unit_code, {_COLUMNS} FROM ({_OF_CELLS}) AS counted
    ON CONFLICT ON CONSTRAINT figure_days_pkey
    DO UPDATE SET ({_COLUMNS}) = ROW ({", ".join(f"excluded.{name}" for name in _NAMES)})
"""  # noqa: S608
_KEEP_NOTED = f"""
    WITH noted AS (SELECT unnest($4::uuid[]) AS key), {_CELLS} {_KEEP}
"""
_KEEP_DAY = f"""
    WITH cells AS MATERIALIZED (
        SELECT DISTINCT $4::date AS day, unit_code FROM submissions s
        WHERE s.kind = 'complaint' AND s.received_at >= $1 AND s.received_at < $2
    ) {_KEEP}
"""  # noqa: S608
_LAST = """
    SELECT max(received_at) FROM submissions WHERE kind = 'complaint' AND received_at < $1
"""
BEYOND = datetime(9999, 1, 1, tzinfo=UTC)
Span = tuple[datetime, datetime]


class Day(NamedTuple):
    """A day at the bureau, and when it begins and ends."""

    date: date
    begins: datetime
    ends: datetime


async def list_days(conn: Connection, span: Span, zone: str) -> list[Record]:
    """What became of each day's complaints; days without any are not there.

    Both times of the span begin a day. The operator's own units, as far as they act for one.
    """
    known = await conn.fetchval(_KNOWN, span[0], zone)
    return (
        list(await conn.fetch(_READ, *span, zone)) if known else await count_all(conn, span, zone)
    )


async def count_all(conn: Connection, span: Span, zone: str) -> list[Record]:
    """The same, from the complaints alone."""
    return list(await conn.fetch(_ALL, *span, zone))


def total(days: Sequence[Record]) -> dict[str, int]:
    """Of all these days."""
    return {name: sum(one[name] for one in days) for name in _NAMES}


async def recount(conn: Connection, keys: Sequence[UUID], zone: str, since: datetime) -> None:
    """Count the days and units of these submissions and cases again, if they are from then on."""
    await conn.execute(_KEEP_NOTED, since, BEYOND, zone, list(keys))


async def count_earlier(conn: Connection, zone: str, since: datetime) -> datetime | None:
    """Count the last day with complaints before that time; when it began, or None."""
    day = await earlier(conn, zone, since)
    if day is None:
        return None
    await conn.execute(_KEEP_DAY, day.begins, day.ends, zone, day.date)
    return day.begins


async def earlier(conn: Connection, zone: str, since: datetime) -> Day | None:
    """The last day with complaints before that time."""
    last: datetime | None = await conn.fetchval(_LAST, since)
    if last is None:
        return None
    day = clock.service_day(last, ZoneInfo(zone))
    return Day(day, *(clock.end_of_day(day + timedelta(days=n), ZoneInfo(zone)) for n in (-1, 0)))
