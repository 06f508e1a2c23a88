"""Failed sign-ins, by name and by address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.db import Connection


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


async def delete_old(conn: Connection, forget: timedelta) -> None:
    """Remove what no longer counts."""
    await conn.execute(
        "DELETE FROM sign_in_failures WHERE failed_at < mashang_now() - $1::interval", forget
    )
    await conn.execute(
        "DELETE FROM sign_in_addresses WHERE failed_at < mashang_now() - $1::interval", forget
    )
