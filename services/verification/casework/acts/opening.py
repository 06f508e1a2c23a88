"""What becomes of submissions that count, and of what is added to them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from uuid_utils.compat import uuid7

from services.verification.casework.acts import additions, assigning, recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import cases as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions, cases
from services.verification.casework.store.actions import Action
from shared.bus.handling import Heard
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values import clock


async def take_in(
    conn: Connection,
    desk: Desk,
    heard: Sequence[Heard[SubmissionReceived]],
    since: datetime | None = None,
) -> None:
    """Keep praise, open a case where the rules want one; at most one for a submission.

    `since` is from when its duties count, where that is not its receipt.
    """
    await additions.commend(conn, [one.event for one in heard if rules.commends(one.event)])
    wanted = [one for one in heard if rules.opens_case(one.event)]
    made = [opened(desk, one.event, since, one.traceparent) for one in wanted]
    made = await recusals.examine_new(conn, desk, made)
    made = await assigning.begin(conn, desk, made)
    added = await cases.add_cases(conn, [(case, _year(desk, case)) for case in made])
    new = [case for case in made if case.case_id in added]
    await actions.add_actions(conn, [done for case in new for done in _noted(case)])
    for case in new:
        await publish(conn, rules.case_opened(case), case.traceparent)
    _tell(new)


def opened(
    desk: Desk,
    event: SubmissionReceived,
    since: datetime | None = None,
    traceparent: str | None = None,
) -> Case:
    """The case of a submission, in the trace of its citizen; nobody could act before `since`."""
    policy = desk.policies.at(event.received_at)
    if since is None:
        return rules.open_case(event, policy, uuid7(), clock.now(), traceparent)
    counted = event.model_copy(update={"received_at": since})
    case = rules.open_case(counted, policy, uuid7(), clock.now(), traceparent)
    return replace(case, received_at=event.received_at)


def _year(desk: Desk, case: Case) -> int:
    return clock.service_day(case.opened_at, desk.policy(case).zone).year


def _noted(case: Case) -> Iterable[Action]:
    """What else stands on the time line from the beginning."""
    return filter(None, (recusals.noted(case.case_id, (), case.recused), assigning.begun(case)))


def _tell(new: Sequence[Case]) -> None:
    """One line for all of them."""
    if new:
        log.get().info(
            "cases opened",
            count=len(new),
            submission_ids=[str(case.submission_id) for case in new],
            unit_codes=[case.unit_code for case in new],
        )


async def take_addition(conn: Connection, desk: Desk, event: SubmissionAdded) -> None:
    """To the case, or as words of praise; a rating of 3 has neither."""
    if rules.commends(event):
        await additions.commend(conn, [event])
    elif rules.opens_case(event):
        await additions.take(conn, desk, event)
