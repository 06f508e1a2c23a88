"""Which complaints stand behind the figures of a month: kept as they stand, beside their days.

`totals.add_up` tells of whose figures something changed, and their rows are written anew. Whoever
asks looks at those that are noted and not yet summed beside the rest: always the list that the
complaints themselves give.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.scoring.store.days import BEYOND, WHOSE, earlier
from services.scoring.store.months import BECAME, MEANS, complaints
from shared.db import Connection

# Of those that have a verdict, which are all that a list has.
FLAGS = tuple(which for which in MEANS if which not in ("complaints", "verified"))
_COLUMNS = ("case_id", "received_at", "unit_code", "came_to", *(f"is_{one}" for one in FLAGS))
_NAMES = ", ".join(_COLUMNS)
_NEW = ", ".join(f"excluded.{name}" for name in _COLUMNS)
_ARE = ", ".join(f"coalesce(bool_or({MEANS[one]}), false) AS is_{one}" for one in FLAGS)
_OF_KEY = complaints("s.submission_id = whose.key AND s.received_at >= $1 AND s.received_at <= $2")
# What is to be told of `whose` cases; $3 is the zone.
FRESH = f"""
    fresh AS MATERIALIZED (
        SELECT n.* FROM whose CROSS JOIN LATERAL (
            WITH complaints AS ({_OF_KEY})
            SELECT v.case_id, c.received_at, v.unit_code, c.came_to, {_ARE}
            {BECAME} WHERE v.case_id IS NOT NULL GROUP BY 1, 2, 3, 4) AS n
    ), anew AS MATERIALIZED (
        SELECT key AS case_id FROM whose UNION
        SELECT c.case_id FROM whose CROSS JOIN LATERAL (
            SELECT case_id FROM cases WHERE submission_id = whose.key LIMIT 1) AS c
    )
"""  # noqa: S608  the parts are this package's own
_KEEP = f"""
    {WHOSE}, {FRESH}, gone AS (
        DELETE FROM figure_cases f USING anew WHERE f.case_id = anew.case_id
            AND NOT EXISTS (SELECT FROM fresh WHERE fresh.case_id = anew.case_id)
    )
    INSERT INTO figure_cases AS f ({_NAMES}) SELECT {_NAMES} FROM fresh
    ON CONFLICT ON CONSTRAINT figure_cases_pkey DO UPDATE SET ({_NAMES}) = ROW ({_NEW})
    WHERE ({", ".join(f"f.{name}" for name in _COLUMNS)}) IS DISTINCT FROM ({_NEW})
"""  # noqa: S608
_KEEP_NOTED = f"WITH noted AS (SELECT unnest($4::uuid[]) AS key), {_KEEP}"
_KEEP_DAY = f"""
    WITH noted AS (
        SELECT submission_id AS key FROM submissions s
        WHERE s.kind = 'complaint' AND s.received_at >= $1 AND s.received_at < $2
    ), {_KEEP}
"""  # noqa: S608
_KNOWN = "SELECT EXISTS (SELECT FROM figure_progress WHERE zone = $2 AND listed <= $1)"


async def is_known(conn: Connection, since: datetime, zone: str) -> bool:
    """Whether all from that time on are written, by this zone's days."""
    return bool(await conn.fetchval(_KNOWN, since, zone))


async def rewrite(conn: Connection, keys: Sequence[UUID], zone: str, since: datetime) -> None:
    """Those of these submissions and cases, if they are from then on."""
    await conn.execute(_KEEP_NOTED, since, BEYOND, zone, list(keys))


async def write_earlier(conn: Connection, zone: str, since: datetime) -> datetime | None:
    """Those of the last day with complaints before that time; when it began, or None."""
    day = await earlier(conn, zone, since)
    if day is None:
        return None
    await conn.execute(_KEEP_DAY, day.begins, day.ends, zone)
    return day.begins
