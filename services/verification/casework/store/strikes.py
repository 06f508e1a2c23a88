"""How often officers were found to answer for something; who asks sees all units (`as_itself`)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shared.db import Connection

_COUNT = """
    SELECT badge, count(DISTINCT incident_id) AS strikes FROM cases, unnest(officers) AS badge
    WHERE case_id IN (SELECT cases_marking($1)) AND badge = ANY($1)
      AND received_at >= $2 AND received_at < $3 AND incident_id <> $4 AND state = 'verified'
      AND kind = 'complaint' AND attribution = 'officers' AND verdict IN ('substantiated', 'partly')
    GROUP BY badge
"""


async def count(
    conn: Connection, badges: Collection[str], since: datetime, until: datetime, but: UUID
) -> dict[str, int]:
    """The incidents of each officer that has any, but for one."""
    rows = await conn.fetch(_COUNT, list(badges), since, until, but)
    return {row["badge"]: row["strikes"] for row in rows}
