"""The cases of a unit and a day."""

from datetime import datetime

from services.verification.casework.rules.cases import Case
from services.verification.casework.store.cases import COLUMNS, VISIBLE, as_case, own
from shared.access import Operator
from shared.db import Connection

# Said on either of the two.
_UNLIKE = """EXISTS (
    SELECT FROM case_actions a WHERE a.case_id IN ($7, cases.case_id) AND a.action = 'unlike'
    AND a.details ->> 'unlike' IN ($7::text, cases.case_id::text))"""
_OF_DAY = f"""
    SELECT {COLUMNS} FROM cases WHERE {VISIBLE}
    AND unit_code = $3 AND received_at >= $4 AND received_at < $5
    AND incident_id <> $6 AND case_id <> $7 AND NOT {_UNLIKE} ORDER BY received_at DESC LIMIT $8
"""  # noqa: S608  the names are this package's own


async def list_of_day(
    conn: Connection, operator: Operator, case: Case, since: datetime, until: datetime, limit: int
) -> list[Case]:
    """Those of other incidents that this operator may see and nobody set apart, newest first."""
    rows = await conn.fetch(
        _OF_DAY, *own(operator), case.unit_code, since, until, case.incident_id, case.case_id, limit
    )
    return [as_case(row) for row in rows]
