"""Second factors, sealed, and the hashes of recovery codes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection


@dataclass(frozen=True)
class Factor:
    """One operator's; without `confirmed_at` it was only shown yet."""

    secret_sealed: str
    confirmed_at: datetime | None
    last_step: int


_GET = "SELECT secret_sealed, confirmed_at, last_step FROM second_factors WHERE username = $1"


async def is_confirmed(conn: Connection, username: str) -> bool:
    """Whether signing in asks for it."""
    found: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM second_factors"
        " WHERE username = $1 AND confirmed_at IS NOT NULL)",
        username,
    )
    return found


async def claim(conn: Connection, username: str, secret_sealed: str) -> Factor:
    """The operator's factor, locked until the transaction ends; a new one if there is none."""
    await conn.execute(
        "INSERT INTO second_factors (username, secret_sealed) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING",
        username, secret_sealed,
    )  # fmt: skip
    row = await conn.fetchrow(f"{_GET} FOR UPDATE", username)
    return Factor(**dict(row)) if row else Factor(secret_sealed, None, 0)


async def mark_used(conn: Connection, username: str, step: int, now: datetime) -> None:
    """A code of this step was used, and so is none of it or before it again."""
    await conn.execute(
        """UPDATE second_factors SET last_step = $2, confirmed_at = coalesce(confirmed_at, $3)
           WHERE username = $1""",
        username, step, now,
    )  # fmt: skip


async def use_code(conn: Connection, username: str, code_hash: bytes) -> bool:
    """Whether there was such a recovery code; there is no longer."""
    found = await conn.fetchval(
        "DELETE FROM recovery_codes WHERE username = $1 AND code_hash = $2 RETURNING true",
        username, code_hash,
    )  # fmt: skip
    return found is not None


async def count_codes(conn: Connection, username: str) -> int:
    """How many recovery codes are left."""
    return int(
        await conn.fetchval("SELECT count(*) FROM recovery_codes WHERE username = $1", username)
    )


async def replace_codes(conn: Connection, username: str, hashes: Collection[bytes]) -> None:
    """New recovery codes in the place of all others."""
    await conn.execute("DELETE FROM recovery_codes WHERE username = $1", username)
    await conn.executemany(
        "INSERT INTO recovery_codes (username, code_hash) VALUES ($1, $2)",
        [(username, one) for one in hashes],
    )


async def delete(conn: Connection, username: str) -> None:
    """The factor, and its recovery codes."""
    await conn.execute("DELETE FROM second_factors WHERE username = $1", username)
