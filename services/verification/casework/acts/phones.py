"""The citizen's phone in clear, for a reason."""

from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import RevealBody
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, Wrong
from shared.observe import log


async def reveal_phone(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: RevealBody
) -> str:
    """The citizen's phone in clear, for a reason that stays on the time line."""
    case = await claim(conn, operator, case_id)
    reason = body.reason.strip()
    if not reason:
        raise Invalid(Wrong("reason", "reason_needed"))
    if case.phone_sealed is None:
        raise Conflict("refused.no_phone")
    await note_action(conn, desk, case, operator, "phone_revealed", {}, reason)
    log.get().info("phone revealed", case_id=str(case_id))
    return desk.seal.open(case.phone_sealed, f"phone:{case.submission_id}")
