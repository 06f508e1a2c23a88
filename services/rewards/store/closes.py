"""The months that somebody has closed and signed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.db import Connection

# No number in the database is higher.
LAST = 2**31 - 1
_COLUMNS = "month, year, number, rows, digest, signed_by, signer, closed_at"


@dataclass(frozen=True)
class Closed:
    """One of them; `rows` are the sums as they were signed."""

    month: date
    year: int
    number: int
    rows: dict[str, Any]
    digest: str
    signed_by: str
    signer: str
    closed_at: datetime


async def get_last(conn: Connection) -> date | None:
    """The newest closed month; all before it are closed, too."""
    last: date | None = await conn.fetchval("SELECT max(month) FROM ledger_closes")
    return last


async def get_first_month(conn: Connection) -> date | None:
    """The first month in which anything was booked."""
    first: date | None = await conn.fetchval("SELECT min(month) FROM ledger_postings")
    return first


async def add(
    conn: Connection,
    month: date,
    year: int,
    rows: dict[str, Any],
    digest: str,
    signer: tuple[str, str],
    now: datetime,
) -> int:
    """The year's next number, without gaps since the caller decides alone."""
    number: int = await conn.fetchval(
        f"""INSERT INTO ledger_closes ({_COLUMNS})
            SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7
            FROM ledger_closes WHERE year = $2 RETURNING number""",  # noqa: S608
        month,
        year,
        rows,
        digest,
        *signer,
        now,
    )
    return number


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
