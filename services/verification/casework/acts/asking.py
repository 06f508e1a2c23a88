"""The two questions after the answer, asked by phone (rule 4): solved? satisfied?"""

from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import QuestionsBody
from services.verification.casework.rules import callbacks
from services.verification.casework.store import actions
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Conflict, Forbidden, Invalid, Wrong
from shared.events import AnswerHeard
from shared.observe import log
from shared.values import clock


async def ask(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: QuestionsBody
) -> AnswerHeard:
    """Pass on what the citizen said; it comes back as their newest word, wherever they said it."""
    case, now = await claim(conn, operator, case_id), clock.now()
    if not callbacks.may_call(operator):
        raise Forbidden("refused.own_unit_calls")
    if not case.is_answered:
        raise Conflict("refused.not_answered")
    if body.solved is None and body.satisfied is None:
        raise Invalid(Wrong("solved", "wrong.answer_one"))
    number = 1 + await actions.count(conn, case_id, "asked")
    said = {"solved": body.solved, "satisfied": body.satisfied}
    await note_action(conn, desk, case, operator, "asked", said)
    event = AnswerHeard.of(case, number=number, heard_at=now, **said)
    await publish(conn, event)
    log.get().info("questions asked", case_id=str(case_id), count=number)
    return event
