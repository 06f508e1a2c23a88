"""Sessions (only a hash of the token), and the passwords that open them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.access import Operator
from shared.db import Connection


@dataclass(frozen=True)
class StoredSession:
    """A session and the operator behind it."""

    operator: Operator
    version: int
    created_at: datetime
    seen_at: datetime


_HASH = "SELECT password_hash FROM operators WHERE username = $1 AND active"


async def get_password_hash(conn: Connection, username: str) -> str | None:
    """The hash of an active operator's password; None if there is nobody who could sign in."""
    found: str | None = await conn.fetchval(_HASH, username)
    return found


async def claim_password_hash(conn: Connection, username: str) -> str | None:
    """The same, held as it is until the end of the transaction."""
    found: str | None = await conn.fetchval(f"{_HASH} FOR UPDATE", username)
    return found


async def renew_password_hash(conn: Connection, username: str, password_hash: str) -> None:
    """The same password under today's parameters; nobody is told, since nothing has changed."""
    await conn.execute(
        "UPDATE operators SET password_hash = $2 WHERE username = $1", username, password_hash
    )


async def add_session(
    conn: Connection, token_hash: bytes, username: str, now: datetime, expires_at: datetime
) -> None:
    """Begin a session."""
    await conn.execute(
        """INSERT INTO sessions (token_hash, username, created_at, seen_at, expires_at)
           VALUES ($1, $2, $3, $3, $4)""",
        token_hash, username, now, expires_at,
    )  # fmt: skip


async def get_session(conn: Connection, token_hash: bytes) -> StoredSession | None:
    """The session of an active operator."""
    row = await conn.fetchrow(
        """SELECT o.username, o.name, o.role, o.scope, o.badge, o.version, s.created_at, s.seen_at
           FROM sessions s JOIN operators o USING (username)
           WHERE s.token_hash = $1 AND o.active""",
        token_hash,
    )
    if row is None:
        return None
    values = dict(row)
    rest = [values.pop(name) for name in ("version", "created_at", "seen_at")]
    return StoredSession(Operator(**values), *rest)


async def mark_seen(conn: Connection, token_hash: bytes, now: datetime) -> None:
    """The session was used."""
    await conn.execute("UPDATE sessions SET seen_at = $2 WHERE token_hash = $1", token_hash, now)


async def delete_session(conn: Connection, token_hash: bytes) -> None:
    """Sign out."""
    await conn.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash)


async def delete_sessions_of(conn: Connection, username: str) -> None:
    """Sign an operator out everywhere."""
    await conn.execute("DELETE FROM sessions WHERE username = $1", username)


async def delete_old(conn: Connection, idle: timedelta) -> None:
    """Remove what can no longer be used."""
    await conn.execute(
        """DELETE FROM sessions
           WHERE expires_at < mashang_now() OR seen_at < mashang_now() - $1::interval""",
        idle,
    )
