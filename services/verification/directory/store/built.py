"""What rests on a change of the directory: how much of it came later, so that it cannot go back.

Who asks acts for the service itself (see `db.as_itself`).
"""

from datetime import datetime

from shared.db import Connection

_BELOW = """
    SELECT count(DISTINCT (kind, code)) FROM directory_changes
    WHERE change_id > $2 AND now ->> 'parent_code' = $1
        AND was ->> 'parent_code' IS DISTINCT FROM $1
"""
_CASES = """
    SELECT count(*) FROM cases WHERE unit_code = $1 AND opened_at >= $2
        AND ($3::int IS NULL OR counter > $3)
"""
_VERDICTS = """
    SELECT count(DISTINCT case_id) FROM verdicts WHERE $1 = ANY(officers) AND submitted_at >= $2
"""


async def count_below(conn: Connection, place_code: str, change_id: int) -> int:
    """Places and units that were put right below a place after a change."""
    return int(await conn.fetchval(_BELOW, place_code, change_id))


async def count_cases(
    conn: Connection, unit_code: str, since: datetime, above: int | None = None
) -> int:
    """A unit's cases since then; of its windows `above` a number alone, if one is given."""
    return int(await conn.fetchval(_CASES, unit_code, since, above))


async def count_verdicts(conn: Connection, badge: str, since: datetime) -> int:
    """Cases in which an officer was named by a verdict since then."""
    return int(await conn.fetchval(_VERDICTS, badge, since))
