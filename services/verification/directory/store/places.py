"""The places above the units."""

from services.verification.directory.rules.tree import Place
from shared.db import Connection


async def list_places(conn: Connection) -> dict[str, Place]:
    """All places by code."""
    rows = await conn.fetch("SELECT place_code, name, level, parent_code, version FROM places")
    return {row["place_code"]: Place(**dict(row)) for row in rows}


async def add_place(conn: Connection, place: Place) -> None:
    """Add a place, or replace it by its next version; the tree may be whole only at COMMIT."""
    await conn.execute(
        """INSERT INTO places (place_code, name, level, parent_code, version)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (place_code) DO UPDATE SET name = $2, level = $3, parent_code = $4,
               version = $5, changed_at = mashang_now()""",
        place.place_code, place.name, place.level, place.parent_code, place.version,
    )  # fmt: skip
