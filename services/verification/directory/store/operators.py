"""Operators: role, place in the tree, password hash."""

from dataclasses import dataclass
from datetime import datetime

from shared import db
from shared.access import Operator, Role
from shared.db import Connection

_COLUMNS = "username, name, role, scope, badge, active, version"
_NAMES = "SELECT username, name FROM operators WHERE username = ANY($1)"

_FIND = f"""
    SELECT {_COLUMNS} FROM operators WHERE mashang_below(scope)
    AND (strpos(username, $1) > 0 OR strpos(name, $1) > 0) ORDER BY active DESC, username LIMIT $2
"""  # noqa: S608  the names are this module's own


@dataclass(frozen=True)
class StoredOperator:
    """An operator as the directory has them, without the password's hash."""

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None
    active: bool
    version: int = 0

    @property
    def identity(self) -> Operator:
        """The operator as the other services are told of them."""
        return Operator(self.username, self.name, self.role, self.scope, self.badge)


async def list_operators(conn: Connection) -> dict[str, StoredOperator]:
    """All operators by username."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM operators")  # noqa: S608
    return {row["username"]: StoredOperator(**dict(row)) for row in rows}


async def get_operator(conn: Connection, username: str) -> StoredOperator | None:
    """One operator, active or not."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM operators WHERE username = $1",  # noqa: S608
        username,
    )
    return StoredOperator(**dict(row)) if row else None


async def get_below(conn: Connection, username: str) -> StoredOperator | None:
    """One of them, if they work at or below the place of who asks."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM operators WHERE username = $1 AND mashang_below(scope)",  # noqa: S608
        username,
    )
    return StoredOperator(**dict(row)) if row else None


async def list_at(conn: Connection, scope: str) -> list[StoredOperator]:
    """Those who work at one place or unit, who are disabled last."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM operators WHERE scope = $1 ORDER BY active DESC, username",  # noqa: S608
        scope,
    )
    return [StoredOperator(**dict(row)) for row in rows]


async def find_operators(conn: Connection, said: str, limit: int) -> list[StoredOperator]:
    """Those with this in their name or username, at or below the place of who asks."""
    return [StoredOperator(**dict(row)) for row in await conn.fetch(_FIND, said, limit)]


async def list_names(conn: Connection, usernames: list[str]) -> dict[str, str]:
    """Username → name of these operators, also of those who have left."""
    return await db.names(conn, _NAMES, usernames)


async def add_operator(conn: Connection, operator: StoredOperator) -> None:
    """Add an operator without a password, or their next version; the password stays."""
    await conn.execute(
        """INSERT INTO operators (username, name, role, scope, badge, active, version)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (username) DO UPDATE SET name = $2, role = $3, scope = $4, badge = $5,
               active = $6, version = $7, changed_at = mashang_now()""",
        operator.username, operator.name, operator.role, operator.scope, operator.badge,
        operator.active, operator.version,
    )  # fmt: skip


async def set_password_hash(
    conn: Connection, username: str, password_hash: str, until: datetime | None = None
) -> None:
    """Give an operator a password; one with an end opens only the page to choose another."""
    await conn.execute(
        """UPDATE operators SET password_hash = $2, password_until = $3, changed_at = mashang_now()
           WHERE username = $1""",
        username, password_hash, until,
    )  # fmt: skip
