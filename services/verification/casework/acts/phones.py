"""The citizen's phone in clear: asked for with a reason, noted once a case, person and day."""

from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import RevealBody
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions
from services.verification.casework.store.actions import Action
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, Wrong
from shared.observe import log
from shared.values import clock


async def reveal_phone(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: RevealBody
) -> str:
    """The citizen's phone in clear, for a reason that stays on the time line."""
    case = await claim(conn, operator, case_id)
    today = _today(desk, operator, case)
    if not await actions.was_done(conn, today):
        reason = body.reason.strip()
        if not reason:
            raise Invalid(Wrong("reason", "reason_needed"))
        await note_action(conn, desk, case, operator, today.action, today.details, reason)
        log.get().info("phone revealed", case_id=str(case_id))
    if case.phone_sealed is None:
        raise Conflict("refused.no_phone")
    return _open(desk, case, case.phone_sealed)


async def shown_today(conn: Connection, desk: Desk, operator: Operator, case: Case) -> str | None:
    """The phone, where this operator was shown it today already; to nobody else."""
    if case.phone_sealed and await actions.was_done(conn, _today(desk, operator, case)):
        return _open(desk, case, case.phone_sealed)
    return None


def _today(desk: Desk, operator: Operator, case: Case) -> Action:
    now = clock.now()
    day = clock.service_day(now, desk.policy(case).zone)
    details = {"day": day.isoformat()}
    return Action(case.case_id, "phone_revealed", operator.username, now, details)


def _open(desk: Desk, case: Case, sealed: str) -> str:
    return desk.seal.open(sealed, f"phone:{case.submission_id}")
