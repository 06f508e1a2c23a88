"""What other services said: the units, the roster, and the newest verdict of each case."""

from collections.abc import Collection
from uuid import UUID

from shared import db
from shared.db import Connection
from shared.errors import Forbidden
from shared.events import OfficerChanged, UnitChanged

_MARK_UNIT = """
    INSERT INTO units (unit_code, path, version, name) VALUES ($1, $2, $3, $4)
    ON CONFLICT (unit_code) DO UPDATE SET path = $2, version = $3, name = $4
    WHERE units.version < $3 RETURNING true
"""
_MARK_OFFICER = """
    INSERT INTO officers (badge, phone_index, active, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (badge) DO UPDATE SET phone_index = $2, active = $3, version = $4
    WHERE officers.version < $4 RETURNING true
"""
_PHONE = "SELECT phone_index FROM officers WHERE badge = $1"
_MARK_VERDICT = """
    INSERT INTO verdicts (case_id, revision) VALUES ($1, $2)
    ON CONFLICT (case_id) DO UPDATE SET revision = $2
    WHERE verdicts.revision < $2 RETURNING true
"""
_NAMES = "SELECT unit_code, name FROM units WHERE unit_code = ANY($1) AND name <> ''"


async def mark_unit(conn: Connection, event: UnitChanged) -> bool:
    """Take over a unit's place in the tree; False if we know a newer one."""
    row = (event.unit_code, event.path, event.version, event.name)
    return await conn.fetchval(_MARK_UNIT, *row) is True


async def list_names(conn: Connection, unit_codes: Collection[str]) -> dict[str, str]:
    """The names of these units, as far as the operator may see them and they have one."""
    return await db.names(conn, _NAMES, unit_codes)


async def sees_all(conn: Connection) -> bool:
    """Whether who asks stands at the root."""
    asked = """SELECT mashang_scope() = '*'
               OR EXISTS (SELECT FROM units u WHERE u.path[1] = mashang_scope())"""
    return await conn.fetchval(asked) is True


async def must_see_all(conn: Connection) -> None:
    """Forbidden to who does not stand at the root: the bureau's books belong to no unit."""
    if not await sees_all(conn):
        raise Forbidden("refused.not_at_the_root")


async def mark_officer(conn: Connection, event: OfficerChanged) -> bool:
    """Take over an officer's newest state; False if we know a newer one."""
    row = (event.badge, event.phone_index, event.active, event.version)
    return await conn.fetchval(_MARK_OFFICER, *row) is True


async def get_officer_phone(conn: Connection, badge: str) -> str | None:
    """The blind index of an officer's phone, if known."""
    phone: str | None = await conn.fetchval(_PHONE, badge)
    return phone


async def mark_verdict(conn: Connection, case_id: UUID, revision: int) -> bool:
    """Remember a verdict; False if this one or a newer one was heard before."""
    return await conn.fetchval(_MARK_VERDICT, case_id, revision) is True
