"""Vendors to which nothing is sent until an operator has acted: the table `vendor_pauses`."""

from collections.abc import Collection
from datetime import timedelta

from shared.db import Connection


async def room(conn: Connection, vendor: str, most: int) -> int:
    """How many may leave: none in a pause, one after it to see, `most` once one was taken."""
    paused = await conn.fetchval(
        "SELECT until_at > mashang_now() FROM vendor_pauses WHERE vendor = $1", vendor
    )
    return most if paused is None else int(not paused)


async def begin(conn: Connection, vendor: str, pause: timedelta, code: str) -> None:
    """Send nothing for so long, by the vendor's word `code`."""
    await conn.execute(
        """INSERT INTO vendor_pauses (vendor, until_at, code) VALUES ($1, mashang_now() + $2, $3)
           ON CONFLICT (vendor) DO UPDATE SET until_at = excluded.until_at, code = $3""",
        vendor,
        pause,
        code,
    )


async def end(conn: Connection, vendor: str) -> None:
    """The vendor takes orders again."""
    await conn.execute("DELETE FROM vendor_pauses WHERE vendor = $1", vendor)


async def list_held(conn: Connection, vendors: Collection[str]) -> dict[str, str]:
    """Those of these vendors to which nothing is sent now, and the word that began it."""
    rows = await conn.fetch(
        """SELECT vendor, code FROM vendor_pauses
           WHERE until_at > mashang_now() AND vendor = ANY($1) ORDER BY vendor""",
        list(vendors),
    )
    return {row["vendor"]: row["code"] for row in rows}
