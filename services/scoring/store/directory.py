"""Units and officers, as far as their events have arrived."""

from collections.abc import Sequence

from asyncpg import Record

from shared.db import Connection
from shared.events import OfficerChanged, UnitChanged

_MARK_UNIT = """
    INSERT INTO units (unit_code, name, parent, path, kind, active, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (unit_code) DO UPDATE SET name = excluded.name, parent = excluded.parent,
        path = excluded.path, kind = excluded.kind, active = excluded.active,
        version = excluded.version
    WHERE units.version < excluded.version RETURNING version
"""
_MARK_OFFICER = """
    INSERT INTO officers (badge, name, unit_code, active, version) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (badge) DO UPDATE SET name = excluded.name, unit_code = excluded.unit_code,
        active = excluded.active, version = excluded.version
    WHERE officers.version < excluded.version RETURNING version
"""
# What an operator may see of these, row-level security says.
_UNIT = "SELECT unit_code, name, parent FROM units WHERE unit_code = $1"
_OFFICER = "SELECT badge, name, unit_code, active FROM officers WHERE badge = $1"
_NAMES = """
    SELECT unit_code AS code, name FROM units WHERE unit_code = ANY($1::text[])
    UNION ALL SELECT badge, name FROM officers WHERE badge = ANY($2::text[])
"""
_FEW = 50
_SEEN = "SELECT count(*) FROM (SELECT FROM units LIMIT $1) AS seen"


async def sees_few(conn: Connection) -> bool:
    """Whether the operator sees so few units that a list is better made of each one's."""
    return bool(await conn.fetchval(_SEEN, _FEW + 1) <= _FEW)


async def mark_unit(conn: Connection, event: UnitChanged) -> bool:
    """Take over a unit; False if what we have is as new."""
    row = (event.unit_code, event.name, event.parent, event.path, event.kind)
    return await conn.fetchval(_MARK_UNIT, *row, event.active, event.version) is not None


async def mark_officer(conn: Connection, event: OfficerChanged) -> bool:
    """Take over an officer; False if what we have is as new."""
    row = (event.badge, event.name, event.unit_code, event.active, event.version)
    return await conn.fetchval(_MARK_OFFICER, *row) is not None


async def get_unit(conn: Connection, unit_code: str) -> Record | None:
    """A unit, if the operator may see it."""
    return await conn.fetchrow(_UNIT, unit_code)


async def get_officer(conn: Connection, badge: str) -> Record | None:
    """An officer, if the operator may see the unit."""
    return await conn.fetchrow(_OFFICER, badge)


async def list_names(
    conn: Connection, unit_codes: Sequence[str], badges: Sequence[str]
) -> dict[str, str]:
    """Code or badge → name, of those that the operator may see."""
    rows = await conn.fetch(_NAMES, list(unit_codes), list(badges))
    return {row["code"]: row["name"] for row in rows}
