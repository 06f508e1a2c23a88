"""What everybody may know of the random review; only ever added to."""

from collections.abc import Sequence
from datetime import date

from services.intake.sample.views import Day, Found, WholeDay
from shared.db import Connection
from shared.events import Lot, SampleCommitted, SampleRevealed

_COUNT = "(SELECT count(*) FROM sample_lots l WHERE l.day = r.day{})"
_DAY = f"""
    SELECT c.day, c.commitment, c.committed_at, r.seed, r.revealed_at,
           CASE WHEN r.day IS NOT NULL THEN coalesce(r.cases, {_COUNT.format("")}) END AS cases,
           CASE WHEN r.day IS NOT NULL
                THEN coalesce(r.drawn, {_COUNT.format(" AND l.drawn")}) END AS drawn
    FROM {{days}} AS c LEFT JOIN LATERAL (
        SELECT * FROM sample_reveals WHERE day = c.day LIMIT 1) AS r ON true
"""  # noqa: S608
_NEWEST = """
    (SELECT * FROM sample_commitments WHERE $1::date IS NULL OR day < $1
     ORDER BY day DESC LIMIT $2)
"""
_ONE = _DAY.format(days="sample_commitments") + " WHERE c.day = $1"


async def add_commitment(conn: Connection, event: SampleCommitted) -> str:
    """Keep it; what the day is committed to by now, which is the first that came."""
    await conn.execute(
        """INSERT INTO sample_commitments (day, commitment, committed_at)
           VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING""",
        event.day, event.commitment, event.committed_at,
    )  # fmt: skip
    return await get_commitment(conn, event.day) or ""


async def get_commitment(conn: Connection, day: date) -> str | None:
    """What a day is committed to."""
    found: str | None = await conn.fetchval(
        "SELECT commitment FROM sample_commitments WHERE day = $1", day
    )
    return found


async def add_reveal(conn: Connection, event: SampleRevealed) -> None:
    """The seed of a day and its lots, once."""
    fresh = await conn.fetchval(
        """INSERT INTO sample_reveals (day, seed, revealed_at, cases, drawn)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (day) DO NOTHING RETURNING 1""",
        event.day, event.seed, event.revealed_at, len(event.lots),
        sum(one.drawn for one in event.lots),
    )  # fmt: skip
    if fresh:
        await conn.executemany(
            """INSERT INTO sample_lots (number, drawn_for, day, percent, drawn)
               VALUES ($1, $2, $3, $4, $5)""",
            [(one.number, one.drawn_for, event.day, one.percent, one.drawn) for one in event.lots],
        )


async def list_days(conn: Connection, before: date | None, most: int) -> list[Day]:
    """The newest days, or those before one, newest first."""
    newest = _DAY.format(days=_NEWEST)
    rows = await conn.fetch(f"{newest} ORDER BY c.day DESC", before, most)
    return [Day.model_validate(dict(row)) for row in rows]


async def get_day(conn: Connection, day: date) -> WholeDay | None:
    """A day with its lots."""
    row = await conn.fetchrow(_ONE, day)
    return WholeDay.model_validate(dict(row) | {"lots": await _lots(conn, day)}) if row else None


async def list_whole(conn: Connection) -> list[WholeDay]:
    """Every day with its lots, oldest first."""
    days = [row["day"] for row in await conn.fetch("SELECT day FROM sample_commitments ORDER BY 1")]
    found = [await get_day(conn, day) for day in days]
    return [day for day in found if day]


async def _lots(conn: Connection, day: date) -> Sequence[Lot]:
    rows = await conn.fetch(
        """SELECT number, drawn_for, percent, drawn FROM sample_lots WHERE day = $1
           ORDER BY number, drawn_for""",
        day,
    )
    return [Lot.model_validate(dict(row)) for row in rows]


async def find(conn: Connection, number: str) -> list[Found]:
    """The lots of a case."""
    rows = await conn.fetch(
        """SELECT number, drawn_for, day, percent, drawn FROM sample_lots WHERE number = $1
           ORDER BY drawn_for""",
        number,
    )
    return [Found.model_validate(dict(row)) for row in rows]
