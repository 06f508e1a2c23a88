"""Accounts as those see them who keep them: who may sign in, and who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from shared.access import Role
from shared.db import Connection

_ACCOUNTS = """
    SELECT o.username, o.name, o.role, coalesce(u.name, p.name, o.scope) AS place,
           o.active, o.password_hash IS NOT NULL AS has_password,
           f.confirmed_at IS NOT NULL AS enrolled, count(s.username) AS sessions,
           max(s.seen_at) AS seen_at
    FROM operators o LEFT JOIN units u ON u.unit_code = o.scope
    LEFT JOIN places p ON p.place_code = o.scope
    LEFT JOIN second_factors f ON f.username = o.username
    LEFT JOIN sessions s ON s.username = o.username AND NOT s.waits
    WHERE {wanted} GROUP BY o.username, u.name, p.name, f.confirmed_at
"""
_FOUND = "o.username > $1 AND ($2 = '' OR strpos(o.username, $2) > 0 OR strpos(o.name, $2) > 0)"
_LIST = _ACCOUNTS.format(wanted=_FOUND) + "ORDER BY o.username LIMIT $3"
_GET = _ACCOUNTS.format(wanted="o.username = $1")


@dataclass(frozen=True)
class Account:
    """An operator; `sessions` counts where they are signed in, `seen_at` is when they last were.

    `enrolled` says whether signing in asks for a second factor of theirs.
    """

    username: str
    name: str
    role: Role
    place: str
    active: bool
    has_password: bool
    enrolled: bool
    sessions: int
    seen_at: datetime | None


async def list_accounts(conn: Connection, after: str, said: str, limit: int) -> list[Account]:
    """By username, those after one; `said` is a part of the username or the name."""
    return [Account(**dict(row)) for row in await conn.fetch(_LIST, after, said, limit)]


async def get_account(conn: Connection, username: str) -> Account | None:
    """One of them."""
    row = await conn.fetchrow(_GET, username)
    return Account(**dict(row)) if row else None


async def inspected(conn: Connection) -> bool:
    """Whether anybody may see cases of integrity and pressure."""
    found: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM operators WHERE role = 'inspection' AND active)"
    )
    return found
