"""What verification does when a citizen answers back."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from services.verification.casework.acts import recusals, sampling
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import answering
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.recusals import INSPECTED, NOBODY
from services.verification.casework.store import actions, additions, cases, holds
from services.verification.casework.store.actions import Action
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Retry
from shared.events import (
    AnswerRated,
    ContactBound,
    FollowupReceived,
    PhoneRefused,
    PressureReported,
    SubmissionWithdrawn,
)
from shared.observe import log
from shared.values import clock

SOON = timedelta(seconds=5)
# With all attempts longer than the level above may take to look at what is held.
HELD = timedelta(hours=6)


async def on_contact_bound(desk: Desk, conn: Connection, event: ContactBound) -> None:
    """Put the phone on the case, and have the citizen called where nobody could before."""
    case = await _case(conn, event.submission_id)
    if case.phone_index == event.phone_index:
        return
    now = answering.bound(case, event, desk.policy(case))
    await cases.set_columns(conn, now, answering.BOUND)
    await _note(conn, case, "phone_bound")
    if now.reschedules != case.reschedules:
        await publish(conn, answering.rescheduled(now, event, event.bound_at))


async def on_phone_refused(conn: Connection, event: PhoneRefused) -> None:
    """Have another phone asked for; one that was bound meanwhile is another."""
    case = await _case(conn, event.submission_id)
    if case.phone_refused or case.phone_index != event.phone_index:
        return
    await cases.set_columns(conn, replace(case, phone_refused=True), ("phone_refused",))
    await _note(conn, case, "phone_refused")


async def on_followup_received(desk: Desk, conn: Connection, event: FollowupReceived) -> None:
    """Open the case again, for the level above whoever decided it; once a follow-up.

    Its duties count from when the citizen said so, however much later it is heard.
    """
    case, at = await _case(conn, event.submission_id), clock.now()
    if not await additions.add_followup(conn, case.case_id, event):
        return
    decider = await actions.get_decider(conn, case.case_id)
    if decider is None:
        raise Retry(SOON, "the verdict has not been recorded yet")
    again = answering.reopened(case, decider, event.received_at, desk.policy(case))
    await cases.set_columns(conn, again, answering.REOPENED)
    await _note(conn, case, "followup", revision=event.revision)
    await recusals.hold(conn, desk, again, await additions.list_of(conn, case.case_id))
    await publish(conn, answering.rescheduled(again, None, at))


async def on_submission_withdrawn(desk: Desk, conn: Connection, event: SubmissionWithdrawn) -> None:
    """Note it; the case goes on, and the sample may send it to the level above."""
    case = await _case(conn, event.submission_id)
    await _note(conn, case, "withdrawn" if event.withdrawn else "withdrawal_taken_back")
    if event.version <= case.withdrawal:
        return
    policy = desk.policy(case)
    percent = policy.verification.withdrawn_sample_percent
    # Of a case without a verdict nobody is to know beforehand: its lot is drawn with the verdict.
    drawn = (
        event.withdrawn
        and case.state == "verified"
        and await sampling.is_drawn(conn, desk, case, "withdrawn", percent)
    )
    now = answering.withdrawn(case, event, clock.now(), policy, drawn=drawn)
    await cases.set_columns(conn, now, answering.WITHDRAWN)


async def on_answer_rated(conn: Connection, event: AnswerRated) -> None:
    """The citizen's two answers: the newest on the case, each on the time line."""
    case = await _case(conn, event.submission_id)
    told = {"solved": event.solved, "satisfied": event.satisfied, "revision": event.revision}
    await _note(conn, case, "rated", **told)
    if event.version > case.rating:
        await cases.set_columns(conn, answering.rated(case, event), answering.RATED)


async def on_pressure_reported(desk: Desk, conn: Connection, event: PressureReported) -> None:
    """A case of its own for the city's inspection, but nobody from whom the first is kept.

    Nothing of it leaves this service, and nothing stands on the first case.
    """
    policy = desk.policies.at(event.reported_at)
    case = answering.pressure_case(event, policy, uuid7(), clock.now())
    first = await cases.claim_case_of(conn, event.submission_id)
    recused = INSPECTED | (first.recused if first else NOBODY)
    case = await recusals.examine(conn, desk, replace(case, recused=recused))
    year = clock.service_day(case.opened_at, policy.zone).year
    if await cases.add_cases(conn, [(case, year)]):
        log.get().info("case above its unit opened", case_id=str(case.case_id))


async def _case(conn: Connection, submission_id: UUID) -> Case:
    case = await cases.claim_case_of(conn, submission_id)
    if case is None and await holds.is_held(conn, submission_id):
        raise Retry(HELD, "somebody has to look at the submission first")
    if case is None:
        raise Retry(SOON, "the submission has not arrived yet")
    return case


async def _note(conn: Connection, case: Case, action: str, **details: object) -> None:
    await actions.add_action(conn, Action(case.case_id, action, "", clock.now(), details))
    log.get().info(f"citizen's word noted: {action}", case_id=str(case.case_id))
