"""The places above the units."""

from dataclasses import dataclass

from services.verification.directory.rules.tree import Place
from shared.db import Connection

_COLUMNS = "place_code, name, level, parent_code, version"
_BELOW = """
    SELECT p.place_code, p.name, p.level, (SELECT count(*) FROM units u
        WHERE u.path @> ARRAY[p.place_code] AND u.active) AS units
    FROM places p WHERE p.parent_code = $1 ORDER BY p.place_code
"""
_FIND = f"""
    SELECT {_COLUMNS} FROM places WHERE (strpos(lower(name), lower($1)) > 0 OR place_code = $1)
    AND mashang_below(place_code) ORDER BY place_code LIMIT $2
"""  # noqa: S608  the names are this module's own

_ABOVE = """
    WITH RECURSIVE up AS (
        SELECT place_code, parent_code, name, 0 AS height FROM places WHERE place_code = $1
        UNION ALL SELECT p.place_code, p.parent_code, p.name, height + 1
        FROM places p JOIN up ON p.place_code = up.parent_code WHERE height < 100)
    SELECT place_code, name FROM up WHERE height > 0 AND mashang_below(place_code)
    ORDER BY height DESC
"""


@dataclass(frozen=True)
class Counted:
    """A place with the number of active units at or below it."""

    place_code: str
    name: str
    level: str
    units: int


async def list_places(conn: Connection) -> dict[str, Place]:
    """All places by code."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM places")  # noqa: S608
    return {row["place_code"]: Place(**dict(row)) for row in rows}


async def get_place(conn: Connection, place_code: str) -> Place | None:
    """One of them, if it is at or below the place of who asks."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM places WHERE place_code = $1 AND mashang_below(place_code)",  # noqa: S608
        place_code,
    )
    return Place(**dict(row)) if row else None


async def list_counted(conn: Connection, above: str) -> list[Counted]:
    """Those right below a place."""
    return [Counted(**dict(row)) for row in await conn.fetch(_BELOW, above)]


async def find_places(conn: Connection, said: str, limit: int) -> list[Place]:
    """Those of this code, or with this in their name."""
    return [Place(**dict(row)) for row in await conn.fetch(_FIND, said, limit)]


async def add_place(conn: Connection, place: Place) -> None:
    """Add a place, or replace it by its next version; the tree may be whole only at COMMIT."""
    await conn.execute(
        """INSERT INTO places (place_code, name, level, parent_code, version)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (place_code) DO UPDATE SET name = $2, level = $3, parent_code = $4,
               version = $5, changed_at = mashang_now()""",
        place.place_code, place.name, place.level, place.parent_code, place.version,
    )  # fmt: skip


async def list_below(conn: Connection) -> dict[str, str]:
    """Code → name of the places at or below that of who asks."""
    rows = await conn.fetch(
        "SELECT place_code, name FROM places WHERE mashang_below(place_code) ORDER BY place_code"
    )
    return {row["place_code"]: row["name"] for row in rows}


async def list_above(conn: Connection, place_code: str) -> list[tuple[str, str]]:
    """Code and name of the places over one that whoever asks may see, from the top down."""
    rows = await conn.fetch(_ABOVE, place_code)
    return [(row["place_code"], row["name"]) for row in rows]
