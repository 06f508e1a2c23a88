"""Officers; their phones only as blind indexes."""

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection

_COLUMNS = "badge, name, unit_code, phone_index, active, version"
_FIND = f"""
    SELECT {_COLUMNS} FROM officers WHERE mashang_below(unit_code)
    AND (badge = $1 OR strpos(name, $1) > 0) ORDER BY active DESC, badge LIMIT $2
"""  # noqa: S608  the names are this module's own

_ROSTER = """
    SELECT badge, name FROM officers WHERE unit_code = $1 AND active OR badge IN (
        SELECT badge FROM postings WHERE unit_code = $1 AND $2::timestamptz IS NOT NULL
            AND (since IS NULL OR since <= $2) AND (until IS NULL OR until > $2))
    ORDER BY badge
"""


@dataclass(frozen=True)
class StoredOfficer:
    """An officer as the directory has them."""

    badge: str
    name: str
    unit_code: str
    phone_index: str | None
    active: bool
    version: int


async def list_officers(conn: Connection) -> dict[str, StoredOfficer]:
    """All officers by badge."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM officers")  # noqa: S608
    return {row["badge"]: StoredOfficer(**dict(row)) for row in rows}


async def get_officer(conn: Connection, badge: str) -> StoredOfficer | None:
    """One of them, if they serve at or below the place of who asks."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM officers WHERE badge = $1 AND mashang_below(unit_code)",  # noqa: S608
        badge,
    )
    return StoredOfficer(**dict(row)) if row else None


async def list_of_unit(conn: Connection, unit_code: str) -> list[StoredOfficer]:
    """A unit's, those who left last."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM officers WHERE unit_code = $1 ORDER BY active DESC, badge",  # noqa: S608
        unit_code,
    )
    return [StoredOfficer(**dict(row)) for row in rows]


async def find_officers(conn: Connection, said: str, limit: int) -> list[StoredOfficer]:
    """Those of this badge, or with this in their name, at or below the place of who asks."""
    return [StoredOfficer(**dict(row)) for row in await conn.fetch(_FIND, said, limit)]


async def list_roster(
    conn: Connection, unit_code: str, at: datetime | None = None
) -> dict[str, str]:
    """Badge → name of the unit's active officers, and of those who served there at a moment."""
    rows = await conn.fetch(_ROSTER, unit_code, at)
    return {row["badge"]: row["name"] for row in rows}


async def list_badges(conn: Connection) -> dict[str, list[str]]:
    """The badges of all active officers, by unit."""
    rows = await conn.fetch(
        """SELECT unit_code, array_agg(badge ORDER BY badge) AS badges FROM officers
           WHERE active GROUP BY unit_code"""
    )
    return {row["unit_code"]: row["badges"] for row in rows}


async def list_officer_names(conn: Connection, badges: list[str]) -> dict[str, str]:
    """Badge → name of these officers, wherever they serve by now."""
    rows = await conn.fetch("SELECT badge, name FROM officers WHERE badge = ANY($1)", badges)
    return {row["badge"]: row["name"] for row in rows}


async def add_officer(conn: Connection, officer: StoredOfficer) -> None:
    """Add an officer, or replace them by their next version."""
    await conn.execute(
        """INSERT INTO officers (badge, name, unit_code, phone_index, active, version)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (badge) DO UPDATE SET name = $2, unit_code = $3, phone_index = $4,
               active = $5, version = $6, changed_at = mashang_now()""",
        officer.badge, officer.name, officer.unit_code, officer.phone_index, officer.active,
        officer.version,
    )  # fmt: skip
