"""The counts. `key` says whose: a blind index, never an address or a phone in clear."""

from collections.abc import Iterable, Mapping

from services.intake.abuse.limits import Counted, Limit
from shared.db import Connection

# By limit and key: how often, and the window's seconds or when it is over.
Numbers = Mapping[tuple[str, str], tuple[int, float]]

# In the order of the keys: two instances that count the same then wait instead of deadlocking.
_COUNT = """
    INSERT INTO limits AS l (name, key, number, until)
    SELECT name, key, 1, mashang_now() + span
    FROM unnest($1::text[], $2::text[], $3::interval[]) AS s (name, key, span)
    ORDER BY name, key
    ON CONFLICT ON CONSTRAINT limits_pkey DO UPDATE
    SET number = CASE WHEN l.until <= mashang_now() THEN 1 ELSE l.number + 1 END,
        until = CASE WHEN l.until <= mashang_now() THEN excluded.until ELSE l.until END
    RETURNING name, key, number, until
"""
_SHARE = """
    INSERT INTO limits AS l (name, key, number, until)
    SELECT name, key, number, mashang_now() + make_interval(secs => seconds)
    FROM unnest($1::text[], $2::text[], $3::int[], $4::float8[])
        AS s (name, key, number, seconds)
    ORDER BY name, key
    ON CONFLICT ON CONSTRAINT limits_pkey DO UPDATE
    SET number = CASE WHEN l.until <= mashang_now() THEN excluded.number
                      ELSE l.number + excluded.number END,
        until = CASE WHEN l.until <= mashang_now() THEN excluded.until ELSE l.until END
    RETURNING name, key, number, extract(epoch FROM until)::float8 AS until
"""
_LOOK = "SELECT number, until FROM limits WHERE name = $1 AND key = $2 AND until > mashang_now()"


async def count(conn: Connection, limit: Limit, key: str) -> Counted:
    """It happened once more."""
    return (await count_all(conn, [(limit, key)]))[0]


async def count_all(conn: Connection, places: Iterable[tuple[Limit, str]]) -> list[Counted]:
    """Each happened once more, in one statement; a place that is named twice counts once."""
    asked = {(limit.name, key): limit for limit, key in places}
    names, keys = [name for name, _ in asked], [key for _, key in asked]
    rows = await conn.fetch(_COUNT, names, keys, [limit.window for limit in asked.values()])
    found = {(row["name"], row["key"]): (row["number"], row["until"]) for row in rows}
    return [Counted(limit, *found[place]) for place, limit in asked.items()]


async def share(conn: Connection, added: Numbers) -> Numbers:
    """Add what one process counted, as (how often, the window's seconds) by (limit, key).

    What it comes to with everybody else's, as (how often, until when in epoch seconds).
    """
    names, keys = [name for name, _ in added], [key for _, key in added]
    numbers, windows = zip(*added.values(), strict=True)
    rows = await conn.fetch(_SHARE, names, keys, numbers, windows)
    return {(row["name"], row["key"]): (row["number"], row["until"]) for row in rows}


async def look(conn: Connection, limit: Limit, key: str) -> Counted:
    """How often it has happened, counting nothing."""
    row = await conn.fetchrow(_LOOK, limit.name, key)
    return Counted(limit, row["number"], row["until"]) if row else Counted(limit)


async def remove_old(conn: Connection) -> None:
    """Forget what is over."""
    await conn.execute("DELETE FROM limits WHERE until <= mashang_now()")
