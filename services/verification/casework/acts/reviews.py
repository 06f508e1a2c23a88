"""The second look by the level above."""

from datetime import datetime
from uuid import UUID

from services.verification.casework.acts import incidents, judging
from services.verification.casework.acts.desk import Desk, claim, note_action, tell
from services.verification.casework.bodies import CorrectionBody, CorrectionForm, ReviewBody
from services.verification.casework.rules import verdicts, words
from services.verification.casework.rules.cases import Case, graded
from services.verification.casework.rules.verdicts import Step
from services.verification.casework.store import actions, cases
from services.verification.casework.store import incidents as together
from services.verification.casework.store.actions import StoredVerdict
from shared import access
from shared.access import Operator
from shared.db import Connection
from shared.errors import Forbidden, Invalid, Wrong
from shared.observe import log
from shared.policy import promises
from shared.values import clock


async def review(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: ReviewBody
) -> Step:
    """Confirm a verdict or give the case back, with a fresh due time, to be verified again."""
    await together.lock_incidents(conn, case_id)
    case, now = await claim(conn, operator, case_id), clock.now()
    step = verdicts.reviewed(case, body.decision, body.revision)
    newest = await _newest(conn, operator, case)
    if body.decision == "return" and not body.note.strip():
        raise Invalid(Wrong("note", "note_needed"))
    details = {"decision": body.decision, "revision": case.revision, "state": step.state}
    await note_action(conn, desk, case, operator, "review", details, body.note.strip())
    log.get().info("verdict reviewed", case_id=str(case_id), outcome=body.decision)
    if step.final:
        case = await incidents.settle(conn, desk, operator, case, newest.joins)
    await _after_review(conn, desk, case, step, newest, now)
    return step


async def correct(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    body: CorrectionBody | CorrectionForm,
) -> Step:
    """A reviewer's own verdict in place of the one that they looked at, and why.

    It is as any other of theirs: what must wait then waits for the level above them.
    """
    case = await claim(conn, operator, case_id)
    verdicts.may_be_reviewed(case, body.revision)
    await _newest(conn, operator, case)
    if not body.note.strip():
        raise Invalid(Wrong("note", "note_needed"))
    details = {"decision": "correct", "revision": case.revision}
    await note_action(conn, desk, case, operator, "review", details, body.note.strip())
    log.get().info("verdict corrected", case_id=str(case_id), count=case.revision)
    return await judging.record(conn, desk, operator, verdicts.corrected(case), body)


async def _newest(conn: Connection, operator: Operator, case: Case) -> StoredVerdict:
    """The verdict that is looked at, which is not the reviewer's own, nor an equal's."""
    newest = (await actions.list_verdicts(conn, case.case_id))[-1]
    if not access.may_review(operator, newest.username, newest.role):
        raise Forbidden("refused.same_level")
    return newest


async def _after_review(
    conn: Connection, desk: Desk, case: Case, step: Step, newest: StoredVerdict, now: datetime
) -> None:
    if not step.final:
        rule = desk.policy(case)
        due = promises.verification_due(now, rule, graded(case))
        await cases.set_step(conn, case.case_id, step, None, None, due)
        again = words.opened_again(case, rule, now) if case.state == "verified" else case
        await cases.set_columns(conn, again, words.COLUMNS)
        await tell(conn, again, lambda: verdicts.clock_restarted(again, due, now))
    elif case.state == "in_review":
        await judging.take(conn, case, step, case.verified_at or now, newest)
    else:
        # A sampled verdict took effect already; the second look only ends.
        await cases.set_step(
            conn, case.case_id, step, case.verified_at, case.final_at, case.verification_due_at
        )
