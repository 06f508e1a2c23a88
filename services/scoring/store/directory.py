"""Units and officers, as far as their events have arrived."""

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
_UNIT = """
    SELECT unit_code, name, parent FROM units WHERE unit_code = $1 AND path @> ARRAY[$2::text]
"""
_OFFICER = """
    SELECT o.badge, o.name, o.unit_code, o.active
    FROM officers o JOIN units u USING (unit_code)
    WHERE o.badge = $1 AND u.path @> ARRAY[$2::text]
"""


async def mark_unit(conn: Connection, event: UnitChanged) -> bool:
    """Take over a unit; False if what we have is as new."""
    row = (event.unit_code, event.name, event.parent, event.path, event.kind)
    return await conn.fetchval(_MARK_UNIT, *row, event.active, event.version) is not None


async def mark_officer(conn: Connection, event: OfficerChanged) -> bool:
    """Take over an officer; False if what we have is as new."""
    row = (event.badge, event.name, event.unit_code, event.active, event.version)
    return await conn.fetchval(_MARK_OFFICER, *row) is not None


async def get_unit(conn: Connection, unit_code: str, scope: str) -> Record | None:
    """A unit, if it is that place or lies below it."""
    return await conn.fetchrow(_UNIT, unit_code, scope)


async def get_officer(conn: Connection, badge: str, scope: str) -> Record | None:
    """An officer, if the unit is that place or lies below it."""
    return await conn.fetchrow(_OFFICER, badge, scope)
