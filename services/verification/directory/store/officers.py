"""Officers; their phones only as blind indexes."""

from dataclasses import dataclass

from shared.db import Connection


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
    rows = await conn.fetch(
        "SELECT badge, name, unit_code, phone_index, active, version FROM officers"
    )
    return {row["badge"]: StoredOfficer(**dict(row)) for row in rows}


async def list_roster(conn: Connection, unit_code: str) -> dict[str, str]:
    """Badge → name of the unit's active officers."""
    rows = await conn.fetch(
        "SELECT badge, name FROM officers WHERE unit_code = $1 AND active ORDER BY badge",
        unit_code,
    )
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
