"""The random review: the seeds, what was drawn with them, and which of them are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.db import Connection
from shared.events import DrawnFor, Lot
from shared.values import lots

# Who draws holds it with others, who tells a seed alone: a day's draws are whole when it is told.
_LOCK = "hashtext('sample')"
# Day by day (OFFSET), not all days beside each other.
_UNTOLD = "NOT EXISTS (SELECT FROM sample_reveals r WHERE r.day = s.day OFFSET 0)"


@dataclass(frozen=True)
class Seed:
    """A day's seed as it is stored."""

    day: date
    commitment: str
    seed_sealed: str


async def join_draws(conn: Connection) -> None:
    """Until the end of this transaction no seed is told."""
    await conn.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")


async def end_draws(conn: Connection) -> None:
    """Wait for whoever draws; until the end of this transaction nobody else begins."""
    await conn.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")


async def add_seed(conn: Connection, seed: Seed, at: datetime) -> bool:
    """Keep a day's seed; False if it has one, and then that one stays."""
    found = await conn.fetchval(
        """INSERT INTO sample_seeds (day, commitment, seed_sealed, drawn_at)
           VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING RETURNING 1""",
        seed.day, seed.commitment, seed.seed_sealed, at,
    )  # fmt: skip
    return found is not None


async def list_days(conn: Connection, since: date) -> set[date]:
    """The days from then on that have a seed."""
    rows = await conn.fetch("SELECT day FROM sample_seeds WHERE day >= $1", since)
    return {row["day"] for row in rows}


async def get_seed(conn: Connection, day: date) -> Seed | None:
    """The seed of a day, or of the next whose seed nobody knows yet."""
    row = await conn.fetchrow(
        f"""SELECT day, commitment, seed_sealed FROM sample_seeds s
            WHERE day >= $1 AND {_UNTOLD} ORDER BY day LIMIT 1""",  # noqa: S608
        day,
    )
    return Seed(**dict(row)) if row else None


async def first_untold(conn: Connection, day: date) -> date:
    """The day itself, or the one after all whose seeds are told: the clock may have gone back."""
    found: date = await conn.fetchval(
        "SELECT greatest($1::date, max(day) + 1) FROM sample_reveals", day
    )
    return found


async def list_untold(conn: Connection, most: int) -> list[Seed]:
    """The seeds that nobody knows yet, the oldest first."""
    rows = await conn.fetch(
        f"""SELECT day, commitment, seed_sealed FROM sample_seeds s
            WHERE {_UNTOLD} ORDER BY day LIMIT $1""",  # noqa: S608
        most,
    )
    return [Seed(**dict(row)) for row in rows]


async def get_draw(conn: Connection, case_id: UUID, drawn_for: DrawnFor) -> bool | None:
    """What the lot of a case said; None where it has not been drawn."""
    found: bool | None = await conn.fetchval(
        "SELECT drawn FROM sample_draws WHERE case_id = $1 AND drawn_for = $2", case_id, drawn_for
    )
    return found


@dataclass(frozen=True)
class Draw:
    """One lot."""

    case_id: UUID
    drawn_for: DrawnFor
    day: date
    percent: int
    drawn: bool


async def add_draw(conn: Connection, draw: Draw, at: datetime) -> None:
    """Keep what a lot said."""
    await conn.execute(
        """INSERT INTO sample_draws (case_id, drawn_for, day, percent, drawn, drawn_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        draw.case_id, draw.drawn_for, draw.day, draw.percent, draw.drawn, at,
    )  # fmt: skip


async def list_lots(conn: Connection, day: date) -> Sequence[Lot]:
    """All lots of a day but those of cases that no other service hears of; in no telling order."""
    rows = await conn.fetch(
        """SELECT submission_id, drawn_for, percent, drawn FROM sample_draws
           JOIN cases USING (case_id) WHERE day = $1 AND kind <> 'pressure'""",
        day,
    )
    told = [
        Lot(
            number=lots.number_of(row["submission_id"]),
            drawn_for=row["drawn_for"],
            percent=row["percent"],
            drawn=row["drawn"],
        )
        for row in rows
    ]
    return sorted(told, key=lambda one: (one.number, one.drawn_for))


async def add_reveal(conn: Connection, day: date, at: datetime) -> None:
    """Note that the day's seed is told."""
    await conn.execute("INSERT INTO sample_reveals (day, revealed_at) VALUES ($1, $2)", day, at)
