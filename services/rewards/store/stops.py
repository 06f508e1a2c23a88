"""Vendors for which no order leaves: since when, and who said that it may again."""

from datetime import datetime
from typing import Any

from shared.db import Connection


async def add(conn: Connection, run_id: int, vendor: str, now: datetime) -> None:
    """From now on nothing leaves for this vendor."""
    await conn.execute("INSERT INTO vendor_stops VALUES ($1, $2, $3)", run_id, vendor, now)


async def is_stopped(conn: Connection, *vendors: str) -> bool:
    """Whether one of these vendors is."""
    asked = "SELECT EXISTS (SELECT FROM standing_stops WHERE vendor = ANY($1))"
    return await conn.fetchval(asked, list(vendors)) is True


async def list_standing(conn: Connection) -> list[dict[str, Any]]:
    """All that stand, the oldest first."""
    rows = await conn.fetch("SELECT * FROM standing_stops ORDER BY run_id")
    return [dict(row) for row in rows]


async def is_standing(conn: Connection, run_id: int) -> bool:
    """Whether the one of a run does."""
    asked = "SELECT EXISTS (SELECT FROM standing_stops WHERE run_id = $1)"
    return await conn.fetchval(asked, run_id) is True


async def get_clean_run(conn: Connection, run_id: int) -> int | None:
    """A later run of the vendor that found no order without ours; the newest of all must be so."""
    found: int | None = await conn.fetchval(
        """SELECT CASE WHEN unknown = 0 AND run_id > $1 THEN run_id END FROM reconciliations
           WHERE vendor = (SELECT vendor FROM vendor_stops WHERE run_id = $1)
           ORDER BY run_id DESC LIMIT 1""",
        run_id,
    )
    return found


async def add_lift(
    conn: Connection, run_id: int, username: str, note: str, clean_run: int | None, now: datetime
) -> bool:
    """One person's word; False if they gave it already."""
    done = await conn.fetchval(
        """INSERT INTO vendor_stop_lifts (run_id, username, note, clean_run, made_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true""",
        run_id,
        username,
        note,
        clean_run,
        now,
    )
    return done is True


async def list_lifts(conn: Connection, run_id: int) -> list[dict[str, Any]]:
    """Who has spoken, the first first."""
    rows = await conn.fetch(
        """SELECT username, note, clean_run, made_at FROM vendor_stop_lifts WHERE run_id = $1
           ORDER BY made_at""",
        run_id,
    )
    return [dict(row) for row in rows]
