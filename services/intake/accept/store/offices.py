"""What is known of each unit for its opening hours and its pace."""

from services.intake.abuse.rules import Office
from shared.db import Connection


async def list_offices(conn: Connection) -> dict[str, Office]:
    """By the unit's code; only those of which the directory has told their counters."""
    rows = await conn.fetch("SELECT code, kind, counters FROM units WHERE counters > 0")
    return {row["code"]: Office(row["kind"], row["counters"]) for row in rows}
