"""What verification does when it hears an event."""

from uuid import UUID

from uuid_utils.compat import uuid7

from services.verification.casework.acts import additions, recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import cases as rules
from services.verification.casework.store import actions, cases
from services.verification.casework.store.actions import Action
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Reject
from shared.events import MessageSettled, ScoreChanged, SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values import clock


async def on_submission_received(desk: Desk, conn: Connection, event: SubmissionReceived) -> None:
    """Open a case where the rules want one; at most one for a submission."""
    if rules.commends(event):
        await additions.commend(conn, event, event.submission_id, event.received_at)
    if not rules.opens_case(event):
        return
    policy = desk.policies.at(event.received_at)
    case = rules.open_case(event, policy, uuid7(), clock.now())
    case = await recusals.examine(conn, desk.seal, case)
    if not await cases.add_case(conn, case, clock.service_day(case.opened_at, policy.zone).year):
        return
    await recusals.note(conn, case.case_id, (), case.recused)
    await publish(conn, rules.case_opened(case))
    log.get().info(
        "case opened",
        case_id=str(case.case_id),
        submission_id=str(case.submission_id),
        unit_code=case.unit_code,
    )


async def on_submission_added(desk: Desk, conn: Connection, event: SubmissionAdded) -> None:
    """To the case, or as words of praise; a rating of 3 has neither."""
    if rules.commends(event):
        await additions.commend(conn, event, event.addition_id, event.added_at)
    elif rules.has_case(event):
        await additions.take(conn, desk, event)


async def on_message_settled(conn: Connection, event: MessageSettled) -> None:
    """Note on the case whether the SMS arrived."""
    await _must_exist(conn, event.case_id)
    details = {"purpose": event.purpose, "outcome": event.outcome}
    action = Action(event.case_id, "message", "notifications", event.settled_at, details)
    await actions.add_action(conn, action)
    log.get().info("message noted", case_id=str(event.case_id), outcome=event.outcome)


async def on_score_changed(conn: Connection, event: ScoreChanged) -> None:
    """Note on the case what its verdict did to the unit's points."""
    await _must_exist(conn, event.case_id)
    details = {
        "reason": event.reason,
        "delta_centipoints": event.delta_centipoints,
        "balance_centipoints": event.balance_centipoints,
    }
    action = Action(event.case_id, "score", "scoring", event.changed_at, details)
    await actions.add_action(conn, action)
    log.get().info("score noted", case_id=str(event.case_id), unit_code=event.unit_code)


async def _must_exist(conn: Connection, case_id: UUID) -> None:
    # Case ids are made here, so one that we do not know will not turn up later.
    if not await actions.has_case(conn, case_id):
        raise Reject(f"no case {case_id}")
