"""The operators as a service knows them, from `operator.changed`; the newest version wins.

So a disabled operator is out in every service, at the latest when their statement ends.
"""

from dataclasses import dataclass

from shared import db
from shared.access import Operator
from shared.db import Connection
from shared.events import OperatorChanged
from shared.observe import log

_MARK = """
    INSERT INTO staff (username, name, role, scope, badge, active, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (username) DO UPDATE SET name = $2, role = $3, scope = $4, badge = $5, active = $6,
        version = $7
    WHERE staff.version < $7 RETURNING true
"""
_GET = "SELECT name, role, scope, badge, active, version FROM staff WHERE username = $1"
_NAMES = "SELECT username, name FROM staff WHERE username = ANY($1)"


@dataclass(frozen=True)
class Known:
    """An operator as last heard of."""

    operator: Operator
    active: bool
    version: int


async def on_operator_changed(conn: Connection, event: OperatorChanged) -> None:
    """Keep the newest version of an operator."""
    values = (event.username, event.name, event.role, event.scope, event.badge, event.active)
    if await conn.fetchval(_MARK, *values, event.version):
        log.get().info("operator taken over", version=event.version)


async def get(conn: Connection, username: str) -> Known | None:
    """An operator, or None if nothing was heard of them."""
    row = await conn.fetchrow(_GET, username)
    if row is None:
        return None
    values = dict(row)
    active, version = values.pop("active"), values.pop("version")
    return Known(Operator(username, **values), active, version)


async def list_names(conn: Connection, usernames: list[str]) -> dict[str, str]:
    """Username → name of these operators, also of those who have left."""
    return await db.names(conn, _NAMES, usernames)


async def inspected(conn: Connection) -> bool:
    """Whether anybody may see cases of integrity and pressure."""
    found: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM staff WHERE role = 'inspection' AND active)"
    )
    return found
