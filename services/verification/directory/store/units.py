"""The service windows' offices."""

from dataclasses import dataclass

from asyncpg import Record

from shared import db
from shared.db import Connection

_COLUMNS = """unit_code, name, parent, parent_code, path, kind, counters, active, version,
    matters"""
_NAMES = "SELECT unit_code, name FROM units WHERE unit_code = ANY($1)"


@dataclass(frozen=True)
class StoredUnit:
    """A unit as the directory has it; `parent` is the name of the place above.

    `path` are the codes from the root of the tree down to the unit's own.
    """

    unit_code: str
    name: str
    parent: str
    parent_code: str
    path: tuple[str, ...]
    kind: str
    counters: int
    active: bool
    version: int
    matters: tuple[str, ...] = ()


async def list_units(conn: Connection) -> dict[str, StoredUnit]:
    """All units by code."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM units ORDER BY unit_code")  # noqa: S608
    return {row["unit_code"]: _unit(row) for row in rows}


async def get_unit(conn: Connection, unit_code: str) -> StoredUnit | None:
    """One of them, if whoever asks may see it."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM units WHERE unit_code = $1", unit_code)  # noqa: S608
    return _unit(row) if row else None


async def list_below(conn: Connection, place_code: str, after: str, limit: int) -> list[StoredUnit]:
    """Those right below a place, by code, after one."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM units WHERE parent_code = $1 AND unit_code > $2
            ORDER BY unit_code LIMIT $3""",  # noqa: S608
        place_code, after, limit,
    )  # fmt: skip
    return [_unit(row) for row in rows]


async def find_units(conn: Connection, said: str, after: str, limit: int) -> list[StoredUnit]:
    """Those with this in their name or code, by code, after one."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM units WHERE unit_code > $2 AND
            (strpos(lower(name), lower($1)) > 0 OR strpos(lower(unit_code), lower($1)) > 0)
            ORDER BY unit_code LIMIT $3""",  # noqa: S608
        said, after, limit,
    )  # fmt: skip
    return [_unit(row) for row in rows]


def _unit(row: Record) -> StoredUnit:
    lists = {name: tuple(row[name]) for name in ("path", "matters")}
    return StoredUnit(**dict(row) | lists)


async def list_names(conn: Connection, unit_codes: list[str]) -> dict[str, str]:
    """The names of these units."""
    return await db.names(conn, _NAMES, unit_codes)


async def list_all_names(conn: Connection) -> dict[str, str]:
    """The names of all units that whoever asks may see."""
    rows = await conn.fetch("SELECT unit_code, name FROM units ORDER BY unit_code")
    return {row["unit_code"]: row["name"] for row in rows}


async def count_counters(conn: Connection, unit_code: str) -> int:
    """How many windows a unit has."""
    return int(
        await conn.fetchval("SELECT counters FROM units WHERE unit_code = $1", unit_code) or 0
    )


async def add_unit(conn: Connection, unit: StoredUnit) -> None:
    """Add a unit, or replace it by its next version."""
    await conn.execute(
        """INSERT INTO units (unit_code, name, parent, parent_code, path, kind, counters, active,
               version, matters)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT (unit_code) DO UPDATE SET name = $2, parent = $3, parent_code = $4,
               path = $5, kind = $6, counters = $7, active = $8, version = $9,
               matters = $10, changed_at = mashang_now()""",
        unit.unit_code, unit.name, unit.parent, unit.parent_code, unit.path, unit.kind,
        unit.counters, unit.active, unit.version, unit.matters,
    )  # fmt: skip
