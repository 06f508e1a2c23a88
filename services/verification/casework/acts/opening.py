"""What becomes of a submission that counts, and of what is added to it."""

from dataclasses import replace
from datetime import datetime

from uuid_utils.compat import uuid7

from services.verification.casework.acts import additions, assigning, recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import cases as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values import clock


async def take_in(
    conn: Connection, desk: Desk, event: SubmissionReceived, since: datetime | None = None
) -> None:
    """Keep praise, open a case where the rules want one; at most one for a submission.

    `since` is from when its duties count, where that is not its receipt.
    """
    if rules.commends(event):
        await additions.commend(conn, event, event.submission_id, event.received_at)
    if not rules.opens_case(event):
        return
    case = opened(desk, event, since)
    serious = desk.policy(case).is_serious(case.categories)
    case = await recusals.examine(conn, desk, case, serious=serious)
    case = await assigning.begin(conn, desk, case)
    zone = desk.policy(case).zone
    if not await cases.add_case(conn, case, clock.service_day(case.opened_at, zone).year):
        return
    await recusals.note(conn, case.case_id, (), case.recused)
    await assigning.note_begun(conn, case)
    await publish(conn, rules.case_opened(case))
    log.get().info(
        "case opened",
        case_id=str(case.case_id),
        submission_id=str(case.submission_id),
        unit_code=case.unit_code,
    )


def opened(desk: Desk, event: SubmissionReceived, since: datetime | None = None) -> Case:
    """The case of a submission; nobody could act on it before `since`."""
    policy = desk.policies.at(event.received_at)
    counted = event.model_copy(update={"received_at": since}) if since else event
    case = rules.open_case(counted, policy, uuid7(), clock.now())
    return replace(case, received_at=event.received_at)


async def take_addition(conn: Connection, desk: Desk, event: SubmissionAdded) -> None:
    """To the case, or as words of praise; a rating of 3 has neither."""
    if rules.commends(event):
        await additions.commend(conn, event, event.addition_id, event.added_at)
    elif rules.opens_case(event):
        await additions.take(conn, desk, event)
