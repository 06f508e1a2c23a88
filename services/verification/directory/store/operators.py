"""Operators: role, place in the tree, password hash."""

from dataclasses import dataclass

from shared import db
from shared.access import Operator, Role
from shared.db import Connection

_COLUMNS = "username, name, role, scope, badge, active, version"
_NAMES = "SELECT username, name FROM operators WHERE username = ANY($1)"


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


async def set_password_hash(conn: Connection, username: str, password_hash: str) -> None:
    """Give an operator a password."""
    await conn.execute(
        "UPDATE operators SET password_hash = $2, changed_at = mashang_now() WHERE username = $1",
        username,
        password_hash,
    )
