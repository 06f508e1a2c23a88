"""The officers at each window, as the directory last told them."""

from shared.db import Connection
from shared.events import OfficerChanged


async def put(conn: Connection, event: OfficerChanged) -> bool:
    """Take over an officer; False when a later version is here already."""
    done = await conn.fetchval(
        """
        INSERT INTO officers (badge, name, unit_code, active, version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT officers_pkey DO UPDATE
        SET name = excluded.name, unit_code = excluded.unit_code, active = excluded.active,
            version = excluded.version
        WHERE officers.version < excluded.version
        RETURNING true
        """,
        event.badge, event.name, event.unit_code, event.active, event.version,
    )  # fmt: skip
    return bool(done)


async def list_at(conn: Connection, unit_code: str) -> dict[str, str]:
    """Badge → name of those who serve at a unit now."""
    rows = await conn.fetch(
        "SELECT badge, name FROM officers WHERE unit_code = $1 AND active ORDER BY badge",
        unit_code,
    )
    return {row["badge"]: row["name"] for row in rows}
