"""Where officers served, from when until when."""

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection


@dataclass(frozen=True)
class Posting:
    """A time in one unit; nobody knows since when for those of before the history began."""

    unit_code: str
    unit_name: str
    since: datetime | None
    until: datetime | None


async def end_posting(conn: Connection, badge: str, at: datetime | None) -> None:
    """The officer leaves their unit, now or at an earlier moment."""
    await conn.execute(
        """UPDATE postings SET until = greatest(since, coalesce($2, mashang_now()))
           WHERE badge = $1 AND until IS NULL""",
        badge, at,
    )  # fmt: skip


async def may_begin(conn: Connection, badge: str, at: datetime) -> bool:
    """Whether an officer's present posting began before this moment."""
    found: bool = await conn.fetchval(
        """SELECT coalesce(bool_and(since < $2), true) FROM postings
           WHERE badge = $1 AND until IS NULL""",
        badge, at,
    )  # fmt: skip
    return found


async def begin_posting(conn: Connection, badge: str, unit_code: str, at: datetime | None) -> None:
    """The officer serves in a unit, since now or since an earlier moment."""
    await conn.execute(
        """INSERT INTO postings (badge, unit_code, since)
           VALUES ($1, $2, coalesce($3, mashang_now()))""",
        badge, unit_code, at,
    )  # fmt: skip


async def list_postings(conn: Connection, badge: str) -> list[Posting]:
    """All of an officer's, the newest first."""
    rows = await conn.fetch(
        """SELECT p.unit_code, u.name AS unit_name, p.since, p.until
           FROM postings p JOIN units u USING (unit_code)
           WHERE p.badge = $1 ORDER BY p.since DESC NULLS LAST, p.posting_id DESC""",
        badge,
    )
    return [Posting(**dict(row)) for row in rows]
