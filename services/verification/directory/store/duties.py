"""The duty roster; a duty that was taken off it stays, with who took it off and when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.verification.directory.rules.duties import Duty
from shared.db import Connection

_COLUMNS = "duty_id, unit_code, counter, badge, starts_at, ends_at"
_OF_UNIT = f"""
    SELECT {_COLUMNS} FROM duties
    WHERE removed_at IS NULL AND unit_code = $1 AND starts_at < $3 AND ends_at > $2
    ORDER BY starts_at, counter, badge
"""  # noqa: S608  the names are this module's own
_OF_UNITS = f"""
    SELECT nth, {_COLUMNS}
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
        WITH ORDINALITY AS asked (place, since, until, nth)
    JOIN duties ON unit_code = place
    WHERE removed_at IS NULL AND starts_at < until AND ends_at > since
    ORDER BY nth, starts_at, counter, badge
"""  # noqa: S608  the names are this module's own
_OF_OFFICERS = f"""
    SELECT {_COLUMNS} FROM duties
    WHERE removed_at IS NULL AND badge = ANY($1) AND starts_at < $3 AND ends_at > $2
    ORDER BY starts_at, duty_id
"""  # noqa: S608  the names are this module's own
_ADD = """
    INSERT INTO duties (unit_code, counter, badge, starts_at, ends_at, added_by)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_REMOVE = f"""
    UPDATE duties SET removed_by = $3, removed_at = mashang_now()
    WHERE duty_id = ANY($2) AND unit_code = $1 AND removed_at IS NULL RETURNING {_COLUMNS}
"""  # noqa: S608  the names are this module's own
_NOTES = """
    SELECT duty_id, counter, badge, starts_at, ends_at, username, at, removed FROM (
        SELECT duty_id, counter, badge, starts_at, ends_at, added_by AS username, added_at AS at,
               false AS removed FROM duties WHERE unit_code = $1
        UNION ALL
        SELECT duty_id, counter, badge, starts_at, ends_at, removed_by, removed_at, true
        FROM duties WHERE unit_code = $1 AND removed_at IS NOT NULL) AS notes
    WHERE starts_at < $3 AND ends_at > $2 ORDER BY at DESC, duty_id DESC, removed DESC LIMIT $4
"""
_COUNT = """
    SELECT unit_code, count(DISTINCT badge) AS officers FROM duties
    WHERE removed_at IS NULL AND starts_at < $2 AND ends_at > $1 GROUP BY unit_code
"""


@dataclass(frozen=True)
class Note:
    """Who put a duty on the roster, or took it off, and when."""

    duty_id: int
    counter: int
    badge: str
    starts_at: datetime
    ends_at: datetime
    username: str
    at: datetime
    removed: bool


async def lock(conn: Connection) -> None:
    """One change of the roster at a time: two would not see each other's overlaps."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('duties'))")


async def list_between(
    conn: Connection, unit_code: str, since: datetime, until: datetime
) -> list[Duty]:
    """A unit's duties that fall into a time, in order."""
    rows = await conn.fetch(_OF_UNIT, unit_code, since, until)
    return [Duty(**dict(row)) for row in rows]


async def list_between_each(
    conn: Connection, asked: Collection[tuple[str, datetime, datetime]]
) -> dict[tuple[str, datetime, datetime], list[Duty]]:
    """The same for each unit and time that is asked for."""
    keys = list(dict.fromkeys(asked))
    rows = await conn.fetch(_OF_UNITS, *map(list, zip(*keys, strict=True))) if keys else []
    found: dict[tuple[str, datetime, datetime], list[Duty]] = {key: [] for key in keys}
    for row in rows:
        own = dict(row)
        found[keys[own.pop("nth") - 1]].append(Duty(**own))
    return found


async def list_of(
    conn: Connection, badges: Sequence[str], since: datetime, until: datetime
) -> list[Duty]:
    """Where these officers are on duty in a time, in whatever unit."""
    rows = await conn.fetch(_OF_OFFICERS, list(badges), since, until)
    return [Duty(**dict(row)) for row in rows]


async def list_notes(
    conn: Connection, unit_code: str, since: datetime, until: datetime, limit: int
) -> list[Note]:
    """What was changed of a unit's duties in a time, the newest first."""
    rows = await conn.fetch(_NOTES, unit_code, since, until, limit)
    return [Note(**dict(row)) for row in rows]


async def count_officers(conn: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """How many officers each unit has on duty in a time."""
    rows = await conn.fetch(_COUNT, since, until)
    return {row["unit_code"]: row["officers"] for row in rows}


async def add_duties(conn: Connection, duties: Sequence[Duty], by: str) -> None:
    """Put them on the roster."""
    rows = [(d.unit_code, d.counter, d.badge, d.starts_at, d.ends_at, by) for d in duties]
    await conn.executemany(_ADD, rows)


async def remove_duties(
    conn: Connection, unit_code: str, duty_ids: Sequence[int], by: str
) -> list[Duty]:
    """Take these of a unit off the roster; those that were there."""
    return [Duty(**dict(row)) for row in await conn.fetch(_REMOVE, unit_code, list(duty_ids), by)]
