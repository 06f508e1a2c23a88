"""The months that somebody has closed and signed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.db import Connection

# No number in the database is higher.
LAST = 2**31 - 1
_COLUMNS = "month, year, number, rows, digest, signed_by, signer, closed_at, key_id, signature"


@dataclass(frozen=True)
class Closed:
    """One of them; `rows` are the sums as they were signed, by name and by a key's signature.

    Those of before have none of a key.
    """

    month: date
    year: int
    number: int
    rows: dict[str, Any]
    digest: str
    signed_by: str
    signer: str
    closed_at: datetime
    key_id: str | None = None
    signature: bytes | None = None


async def get_last(conn: Connection) -> date | None:
    """The newest closed month; all before it are closed, too."""
    last: date | None = await conn.fetchval("SELECT max(month) FROM ledger_closes")
    return last


async def get_first_month(conn: Connection) -> date | None:
    """The first month in which anything was booked."""
    first: date | None = await conn.fetchval("SELECT min(month) FROM ledger_postings")
    return first


async def get_next_number(conn: Connection, year: int) -> int:
    """The year's next, without gaps since the caller decides alone."""
    number: int = await conn.fetchval(
        "SELECT coalesce(max(number), 0) + 1 FROM ledger_closes WHERE year = $1", year
    )
    return number


async def add(conn: Connection, closed: Closed) -> None:
    """A month that is signed."""
    await conn.execute(
        f"""INSERT INTO ledger_closes ({_COLUMNS})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",  # noqa: S608
        closed.month, closed.year, closed.number, closed.rows, closed.digest, closed.signed_by,
        closed.signer, closed.closed_at, closed.key_id, closed.signature,
    )  # fmt: skip


async def get(conn: Connection, year: int, number: int) -> Closed | None:
    """One, by its document."""
    if not (0 < year <= LAST and 0 < number <= LAST):
        return None
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM ledger_closes WHERE year = $1 AND number = $2",  # noqa: S608
        year,
        number,
    )
    return Closed(**dict(row)) if row else None


async def list_newest(conn: Connection) -> list[Closed]:
    """All of them, twelve a year."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM ledger_closes ORDER BY month DESC")  # noqa: S608
    return [Closed(**dict(row)) for row in rows]
