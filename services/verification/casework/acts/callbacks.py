"""Calls to the citizen."""

from uuid import UUID

from services.verification.casework.acts import recusals
from services.verification.casework.acts.desk import Desk, claim, note_action, tell
from services.verification.casework.bodies import CallbackBody
from services.verification.casework.rules import callbacks, words
from services.verification.casework.store import actions, cases
from shared.access import Operator
from shared.db import Connection
from shared.errors import Forbidden
from shared.events import CallbackLogged, CallbackUnreached
from shared.observe import log
from shared.values import clock


async def log_callback(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    body: CallbackBody,
) -> CallbackLogged:
    """Record a call to the citizen and what it makes of the callback.

    Where that was the last attempt of a citizen whom nobody reached, an SMS goes to them.
    """
    case, now = await claim(conn, operator, case_id), clock.now()
    if not callbacks.may_call(operator):
        raise Forbidden("refused.own_unit_calls")
    earlier = await actions.list_attempts(conn, case_id)
    state = callbacks.state_after(
        case.callback_state,
        callbacks.since(case.reopened_at, [one.called_at for one in earlier]),
        body.outcome,
        now,
        desk.policy(case).callback,
    )
    attempt = len(earlier) + 1
    await actions.add_attempt(conn, case_id, attempt, body.outcome, now, operator.username)
    settled = None if state == "open" else case.callback_settled_at or now
    await cases.set_callback(conn, case_id, state, now if state == "reached" else settled)
    known = words.spoken_with(case, desk.policy(case)) if state == "reached" else case
    if known is not case:
        await cases.set_columns(conn, known, words.COLUMNS)
    details = {"attempt": attempt, "outcome": body.outcome, "state": state}
    await note_action(conn, desk, case, operator, "called", details, body.note)
    event = CallbackLogged.of(known, **details, called_at=now, due_at=case.callback_due_at)
    await tell(conn, case, lambda: event)
    if state == "unreached" != case.callback_state:
        await tell(conn, case, lambda: CallbackUnreached.of(case, attempt=attempt, called_at=now))
    if body.note.strip():
        await recusals.learn(conn, operator, case, body.note)
    log.get().info("callback logged", case_id=str(case_id), outcome=body.outcome, attempt=attempt)
    return event
