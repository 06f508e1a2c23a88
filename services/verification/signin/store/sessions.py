"""Sessions (only a hash of the token), and the passwords that open them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from shared.access import Operator
from shared.db import Connection
from shared.values.keystrokes import Keys


@dataclass(frozen=True)
class StoredSession:
    """A session and the operator behind it."""

    operator: Operator
    version: int
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    keys: Keys


@dataclass(frozen=True)
class Place:
    """Where somebody is signed in: in which browser, as it calls itself, at which address."""

    key: str
    agent: str
    address: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Origin:
    """Where a session comes from; it `waits` for the second factor, or is open.

    One that `renews` opens nothing until its owner has chosen a password.
    """

    agent: str = ""
    address: str = ""
    waits: bool = False
    renews: bool = False


_HASH = "SELECT password_hash FROM operators WHERE username = $1 AND active"


async def get_password_hash(conn: Connection, username: str) -> str | None:
    """The hash of an active operator's password; None if there is nobody who could sign in."""
    found: str | None = await conn.fetchval(_HASH, username)
    return found


async def claim_operator(conn: Connection, username: str, password_hash: str) -> Operator | None:
    """Who has still this password, held so until the end of the transaction."""
    row = await conn.fetchrow(
        """SELECT username, name, role, scope, badge FROM operators
           WHERE username = $1 AND password_hash = $2 AND active FOR UPDATE""",
        username, password_hash,
    )  # fmt: skip
    return Operator(**dict(row)) if row else None


async def given_until(conn: Connection, username: str) -> datetime | None:
    """Until when a password works that somebody was given; None of one's own."""
    found: datetime | None = await conn.fetchval(
        "SELECT password_until FROM operators WHERE username = $1", username
    )
    return found


async def get_active(conn: Connection, username: str) -> Operator | None:
    """An operator who may sign in, held so until the end of the transaction."""
    row = await conn.fetchrow(
        """SELECT username, name, role, scope, badge FROM operators
           WHERE username = $1 AND active FOR UPDATE""",
        username,
    )
    return Operator(**dict(row)) if row else None


async def renew_password_hash(conn: Connection, username: str, password_hash: str) -> None:
    """The same password under today's parameters; nobody is told, since nothing has changed."""
    await conn.execute(
        "UPDATE operators SET password_hash = $2 WHERE username = $1", username, password_hash
    )


async def choose_password_hash(conn: Connection, username: str, password_hash: str) -> None:
    """A password of one's own, which opens the sessions that waited for it."""
    await conn.execute(
        "UPDATE operators SET password_hash = $2, password_until = NULL WHERE username = $1",
        username, password_hash,
    )  # fmt: skip
    await conn.execute("UPDATE sessions SET renews = false WHERE username = $1", username)


async def add_session(
    conn: Connection,
    token_hash: bytes,
    username: str,
    now: datetime,
    expires_at: datetime,
    origin: Origin = Origin(),
) -> None:
    """Begin a session; whoever does has just typed the password."""
    await conn.execute(
        """INSERT INTO sessions (token_hash, username, created_at, seen_at, confirmed_at,
               expires_at, agent, address, waits, renews)
           VALUES ($1, $2, $3, $3, $3, $4, $5, $6, $7, $8)""",
        token_hash, username, now, expires_at, origin.agent, origin.address, origin.waits,
        origin.renews,
    )  # fmt: skip


_ABOUT = ("version", "created_at", "seen_at", "confirmed_at")


async def get_session(
    conn: Connection, token_hash: bytes, *, renews: bool = False
) -> StoredSession | None:
    """The session of an active operator; with `renews` one that opens nothing yet."""
    row = await conn.fetchrow(
        """SELECT o.username, o.name, o.role, o.scope, o.badge, o.version, s.created_at, s.seen_at,
                  s.confirmed_at, k.single, k.own
           FROM sessions s JOIN operators o USING (username)
               LEFT JOIN key_choices k USING (username)
           WHERE s.token_hash = $1 AND o.active AND NOT s.waits AND s.renews = $2""",
        token_hash, renews,
    )  # fmt: skip
    if row is None:
        return None
    values = dict(row)
    version, created_at, seen_at, confirmed_at = (values.pop(name) for name in _ABOUT)
    single, own = values.pop("single"), values.pop("own")
    keys = Keys() if single is None else Keys(single, own)
    return StoredSession(Operator(**values), version, created_at, seen_at, confirmed_at, keys)


async def get_waiting(conn: Connection, token_hash: bytes, now: datetime) -> str | None:
    """Whose password was right, and whose second factor is still to come."""
    found: str | None = await conn.fetchval(
        """SELECT s.username FROM sessions s JOIN operators o USING (username)
           WHERE s.token_hash = $1 AND s.waits AND s.expires_at > $2 AND o.active""",
        token_hash, now,
    )  # fmt: skip
    return found


async def open_waiting(
    conn: Connection, waiting: bytes, token_hash: bytes, now: datetime, expires_at: datetime
) -> None:
    """The same session, open, under another token."""
    await conn.execute(
        """UPDATE sessions SET token_hash = $2, created_at = $3, seen_at = $3, confirmed_at = $3,
                  expires_at = $4, waits = false
           WHERE token_hash = $1 AND waits""",
        waiting, token_hash, now, expires_at,
    )  # fmt: skip


async def mark_confirmed(conn: Connection, token_hash: bytes, now: datetime) -> None:
    """The password was typed once more."""
    await conn.execute(
        "UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1 AND NOT waits", token_hash, now
    )


async def mark_seen(conn: Connection, token_hash: bytes, now: datetime) -> None:
    """The session was used."""
    await conn.execute("UPDATE sessions SET seen_at = $2 WHERE token_hash = $1", token_hash, now)


async def delete_session(conn: Connection, token_hash: bytes) -> str | None:
    """Sign out; who it was, if anybody still was signed in."""
    found: str | None = await conn.fetchval(
        "DELETE FROM sessions WHERE token_hash = $1 RETURNING username", token_hash
    )
    return found


async def delete_sessions_of(conn: Connection, username: str) -> None:
    """Sign an operator out everywhere."""
    await conn.execute("DELETE FROM sessions WHERE username = $1", username)


# What a session is called where somebody ends it; it opens nothing.
_KEY = "left(encode(sha256(token_hash), 'hex'), 16)"


def key_of(token: str) -> str:
    """The same of a token."""
    return sha256(sha256(token.encode()).digest()).hexdigest()[:16]


async def list_places(conn: Connection, username: str, now: datetime) -> list[Place]:
    """Where an operator is signed in, the latest seen first."""
    rows = await conn.fetch(
        f"""SELECT {_KEY} AS key, agent, address, created_at, seen_at FROM sessions
            WHERE username = $1 AND NOT waits AND expires_at > $2 ORDER BY seen_at DESC""",  # noqa: S608
        username, now,
    )  # fmt: skip
    return [Place(**dict(row)) for row in rows]


async def delete_place(conn: Connection, username: str, key: str) -> None:
    """Sign an operator out in one place."""
    await conn.execute(
        f"DELETE FROM sessions WHERE username = $1 AND {_KEY} = $2",  # noqa: S608
        username, key,
    )  # fmt: skip


async def delete_others(conn: Connection, username: str, key: str) -> None:
    """Sign an operator out everywhere but in one place."""
    await conn.execute(
        f"DELETE FROM sessions WHERE username = $1 AND {_KEY} <> $2",  # noqa: S608
        username, key,
    )  # fmt: skip


async def delete_old(conn: Connection, idle: timedelta) -> None:
    """Remove what can no longer be used."""
    await conn.execute(
        """DELETE FROM sessions
           WHERE expires_at < mashang_now() OR seen_at < mashang_now() - $1::interval""",
        idle,
    )
