"""The months that somebody has closed and signed."""

from datetime import date

from shared.db import Connection


async def get_last(conn: Connection) -> date | None:
    """The newest closed month; all before it are closed, too."""
    last: date | None = await conn.fetchval("SELECT max(month) FROM ledger_closes")
    return last
