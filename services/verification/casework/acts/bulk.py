"""Several cases at once: each is done as if alone, and if one cannot be, none is."""

from services.verification.casework.acts import assigning
from services.verification.casework.acts.desk import Desk
from services.verification.casework.bodies import BulkLeadBody, LeadBody
from services.verification.casework.store import cases
from shared.access import Operator
from shared.db import Connection
from shared.errors import Invalid, Wrong


async def assign(conn: Connection, desk: Desk, operator: Operator, body: BulkLeadBody) -> int:
    """Make somebody the lead of these; how many. Invalid where nothing was ticked."""
    if not body.ids:
        raise Invalid(Wrong("ids", "cases_needed"))
    await cases.lock_all(conn, changes=True)
    one = LeadBody(who=body.who, word=body.word)
    chosen = sorted(set(body.ids))
    for case_id in chosen:
        await assigning.assign(conn, desk, operator, case_id, one)
    return len(chosen)
