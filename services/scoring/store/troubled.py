"""Units by the incidents found true in a month: kept as they stand, counted anew with each change.

What several people said of one incident is one. Whoever asks counts the months that are noted and
not yet counted beside the rest: always what a count of all verdicts gives (see scoring_0028).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from asyncpg import Record

from services.scoring.store.months import TRUE
from shared.db import Connection

Starts = tuple[datetime, datetime, datetime, datetime]

_ONE_BY_ONE = f"""
    SELECT v.unit_code, v.received_at, coalesce(i.incident_id, v.incident_id) AS found
    FROM verdicts v LEFT JOIN incidents i ON i.case_id = v.case_id WHERE {TRUE}
"""  # noqa: S608  the condition is this package's own
_ALL = f"""
    SELECT u.unit_code, u.name, u.parent,
        count(DISTINCT v.found) FILTER (WHERE v.received_at < $2) AS first,
        count(DISTINCT v.found) FILTER (WHERE v.received_at >= $2 AND v.received_at < $3)
            AS second,
        count(DISTINCT v.found) FILTER (WHERE v.received_at >= $3) AS third
    FROM ({_ONE_BY_ONE} AND v.received_at >= $1 AND v.received_at < $4) AS v
    JOIN units u ON u.unit_code = v.unit_code
    GROUP BY u.unit_code, u.name, u.parent
    HAVING count(*) FILTER (WHERE v.received_at >= $3) > 0
    ORDER BY third DESC, second DESC, first DESC, u.unit_code LIMIT $5
"""  # noqa: S608
# A month's first day at the bureau, and its first moment; the zone is `$1`.
_MONTH = "date_trunc('month', received_at AT TIME ZONE $1)::date"
_BEGINS = "(({})::timestamp AT TIME ZONE $1)"
# The months and units of `cells`, counted from their verdicts.
_OF_CELLS = f"""
    SELECT cell.month, cell.unit_code, n.incidents FROM cells AS cell CROSS JOIN LATERAL (
        SELECT count(DISTINCT found)::int AS incidents FROM (
            {_ONE_BY_ONE} AND v.unit_code = cell.unit_code
            AND v.received_at >= {_BEGINS.format("cell.month")}
            AND v.received_at < {_BEGINS.format("cell.month + interval '1 month'")}) AS one) AS n
"""  # noqa: S608
_READ = f"""
    WITH cells AS MATERIALIZED (
        SELECT DISTINCT {_MONTH} AS month, unit_code FROM found_news
        WHERE received_at >= {_BEGINS.format("$2::date")}
    ), counted AS (
        SELECT month, unit_code, incidents FROM found_months m
        WHERE month IN ($2, $3::date, $4::date) AND NOT EXISTS (SELECT FROM cells
            WHERE cells.month = m.month AND cells.unit_code = m.unit_code)
        UNION ALL {_OF_CELLS}
    )
    SELECT u.unit_code, u.name, u.parent,
        coalesce(sum(c.incidents) FILTER (WHERE c.month = $2), 0) AS first,
        coalesce(sum(c.incidents) FILTER (WHERE c.month = $3), 0) AS second,
        coalesce(sum(c.incidents) FILTER (WHERE c.month = $4), 0) AS third
    FROM counted c JOIN units u ON u.unit_code = c.unit_code
    GROUP BY u.unit_code, u.name, u.parent
    HAVING coalesce(sum(c.incidents) FILTER (WHERE c.month = $4), 0) > 0
    ORDER BY third DESC, second DESC, first DESC, u.unit_code LIMIT $5
"""  # noqa: S608
_KEPT = """
    ON CONFLICT ON CONSTRAINT found_months_pkey DO UPDATE SET incidents = excluded.incidents
"""
_COUNT_NOTED = f"""
    WITH taken AS (
        DELETE FROM found_news WHERE number = ANY(ARRAY(
            SELECT number FROM found_news ORDER BY number LIMIT $2))
        RETURNING unit_code, received_at
    ), cells AS MATERIALIZED (
        SELECT DISTINCT {_MONTH} AS month, unit_code FROM taken
    ), kept AS (
        INSERT INTO found_months (month, unit_code, incidents) {_OF_CELLS} {_KEPT}
    )
    SELECT count(*) FROM taken
"""  # noqa: S608
_COUNT_MONTH = f"""
    INSERT INTO found_months (month, unit_code, incidents)
    SELECT $2::date, unit_code, count(DISTINCT found) FROM (
        {_ONE_BY_ONE} AND v.received_at >= {_BEGINS.format("$2::date")}
        AND v.received_at < {_BEGINS.format("$2::date + interval '1 month'")}) AS one
    GROUP BY unit_code {_KEPT}
"""  # noqa: S608
_LAST = f"""
    SELECT {_MONTH} FROM verdicts v WHERE {TRUE} AND v.received_at < $2
    ORDER BY v.received_at DESC LIMIT 1
"""  # noqa: S608
_KNOWN = "SELECT EXISTS (SELECT FROM found_progress WHERE zone = $1 AND since <= $2)"
_PROGRESS = "SELECT since, since = '-infinity' AS whole FROM found_progress WHERE zone = $1"
_BEGIN = "INSERT INTO found_progress (zone, since) VALUES ($1, 'infinity')"
_SINCE = f"""
    UPDATE found_progress SET since = coalesce({_BEGINS.format("$2::date")}, '-infinity')
    WHERE zone = $1
"""  # noqa: S608


async def list_troubled(conn: Connection, starts: Starts, zone: str, most: int) -> list[Record]:
    """Units with incidents found true in the last of three months, the most of them first.

    Each month begins where the one before ended, at the bureau.
    """
    if not await conn.fetchval(_KNOWN, zone, starts[0]):
        return await list_all(conn, starts, most)
    months = [one.astimezone(ZoneInfo(zone)).date() for one in starts[:3]]
    return list(await conn.fetch(_READ, zone, *months, most))


async def list_all(conn: Connection, starts: Starts, most: int) -> list[Record]:
    """The same, from the verdicts alone."""
    return list(await conn.fetch(_ALL, *starts, most))


async def add_up(conn: Connection, zone: str, most: int) -> int:
    """Count again what has changed, or a month of before; how many. One instance at a time."""
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('found months'))"):
        return 0
    progress = await _progress(conn, zone)
    counted: int = await conn.fetchval(_COUNT_NOTED, zone, most)
    if counted or progress["whole"]:
        return counted
    month = await conn.fetchval(_LAST, zone, progress["since"])
    if month:
        await conn.execute(_COUNT_MONTH, zone, month)
    await conn.execute(_SINCE, zone, month)
    return 1


async def _progress(conn: Connection, zone: str) -> Record:
    """How far it has come; at the beginning where the months are another zone's."""
    row: Record | None = await conn.fetchrow(_PROGRESS, zone)
    if row:
        return row
    for table in ("found_progress", "found_months"):
        await conn.execute(f"DELETE FROM {table}")  # noqa: S608  one of these two
    await conn.execute(_BEGIN, zone)
    return await _progress(conn, zone)
