"""Sessions (only a hash of the token), and failed sign-ins by name and by address."""

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


async def delete_old_sessions(conn: Connection, idle: timedelta, forget: timedelta) -> None:
    """Remove what can no longer be used."""
    await conn.execute(
        """DELETE FROM sessions
           WHERE expires_at < mashang_now() OR seen_at < mashang_now() - $1::interval""",
        idle,
    )
    await conn.execute(
        "DELETE FROM sign_in_failures WHERE failed_at < mashang_now() - $1::interval", forget
    )
    await conn.execute(
        "DELETE FROM sign_in_addresses WHERE failed_at < mashang_now() - $1::interval", forget
    )


@dataclass(frozen=True)
class Failures:
    """How often signing in as this subject failed, and until when it is locked.

    A subject is a name, as strangers type it, or a name and a device that is known for it.
    """

    failures: int
    failed_at: datetime
    locked_until: datetime


async def claim_failures(conn: Connection, subject: str, now: datetime) -> Failures:
    """The subject's failures, locked until the end of the transaction."""
    await conn.execute(
        """INSERT INTO sign_in_failures (username, failed_at, locked_until) VALUES ($1, $2, $2)
           ON CONFLICT DO NOTHING""",
        subject,
        now,
    )
    row = await conn.fetchrow(
        """SELECT failures, failed_at, locked_until FROM sign_in_failures
           WHERE username = $1 FOR UPDATE""",
        subject,
    )
    return Failures(**dict(row)) if row else Failures(0, now, now)


async def mark_failed(
    conn: Connection, subject: str, failures: int, now: datetime, locked_until: datetime
) -> None:
    """Count a failure."""
    await conn.execute(
        """UPDATE sign_in_failures SET failures = $2, failed_at = $3, locked_until = $4
           WHERE username = $1""",
        subject, failures, now, locked_until,
    )  # fmt: skip


async def forgive_failure(conn: Connection, subject: str) -> None:
    """One attempt was never judged, and so is no failure.

    It was counted because there was no lock, so a lock that there is now was of its making.
    """
    await conn.execute(
        """UPDATE sign_in_failures
           SET failures = greatest(0, failures - 1), locked_until = failed_at
           WHERE username = $1""",
        subject,
    )


async def delete_failures(conn: Connection, subject: str) -> None:
    """Forget a subject's failures after a success."""
    await conn.execute("DELETE FROM sign_in_failures WHERE username = $1", subject)


async def delete_failures_of(conn: Connection, username: str) -> None:
    """Forget all failures of a name, whatever device they came from."""
    await conn.execute(
        "DELETE FROM sign_in_failures WHERE split_part(username, ' ', 1) = $1", username
    )


async def claim_address(conn: Connection, address: str, now: datetime) -> tuple[float, datetime]:
    """What an address has spent and when, locked until the end of the transaction."""
    await conn.execute(
        """INSERT INTO sign_in_addresses (address, failures, failed_at) VALUES ($1, 0, $2)
           ON CONFLICT DO NOTHING""",
        address,
        now,
    )
    row = await conn.fetchrow(
        "SELECT failures, failed_at FROM sign_in_addresses WHERE address = $1 FOR UPDATE", address
    )
    return (row["failures"], row["failed_at"]) if row else (0.0, now)


async def mark_address(conn: Connection, address: str, failures: float, now: datetime) -> None:
    """What it has spent by now."""
    await conn.execute(
        "UPDATE sign_in_addresses SET failures = $2, failed_at = $3 WHERE address = $1",
        address, failures, now,
    )  # fmt: skip


async def forgive_address(conn: Connection, address: str) -> None:
    """One attempt was right, and so no failure."""
    await conn.execute(
        "UPDATE sign_in_addresses SET failures = greatest(0, failures - 1) WHERE address = $1",
        address,
    )
