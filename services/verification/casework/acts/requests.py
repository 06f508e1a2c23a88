"""Asking the level above for more time, not to lead a case, or to join two; and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.verification.casework.acts import appeals, assigning, incidents
from services.verification.casework.acts.desk import Desk, claim, note_action, tell
from services.verification.casework.bodies import (
    DecisionBody,
    DisputeBody,
    ExtensionBody,
    IncidentBody,
)
from services.verification.casework.rules import appeals as appealing
from services.verification.casework.rules import requests as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Kind, Request
from services.verification.casework.store import actions, cases, requests
from services.verification.casework.store import incidents as together
from services.verification.casework.store.actions import Action
from services.verification.directory.store import operators
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Forbidden, Invalid, Wrong
from shared.observe import log
from shared.values import clock


async def ask_extension(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: ExtensionBody
) -> str:
    """Ask for more time. Conflict where there is none to give, Invalid for too much."""
    case = await claim(conn, operator, case_id)
    rule = desk.policy(case)
    rules.may_extend(case, rule, clock.now())
    wrong = [w for w in (rules.wrong_days(body.days, rule), _silent(body.reason)) if w]
    if wrong:
        raise Invalid(*wrong)
    due = case.verification_due_at
    return await _ask(conn, desk, operator, case, "extension", body.reason, due, days=body.days)


async def dispute(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: DisputeBody
) -> str:
    """Ask not to lead a case that somebody else assigned. Forbidden for whom nobody did."""
    case = await claim(conn, operator, case_id)
    team = await assigning.load_team(conn, case)
    if not team.leads(operator):
        raise Forbidden("refused.dispute_not_lead")
    if await actions.get_assigner(conn, case_id) == operator.username:
        raise Conflict("refused.dispute_own")
    if wrong := _silent(body.reason):
        raise Invalid(wrong)
    due = clock.now() + timedelta(hours=desk.policy(case).verification.dispute_hours)
    return await _ask(conn, desk, operator, case, "dispute", body.reason, due)


async def ask_incident(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: IncidentBody
) -> str:
    """Ask to join another case, or to part from those that belong to it. Invalid if it cannot."""
    case, said = await claim(conn, operator, case_id), body.incident
    if body.decision == "split":
        said = str(case_id)
    named, wrong = await incidents.wanted(conn, desk, operator, case, said)
    if named is None and wrong is None:
        key = "incident_is_so" if said.strip() else "incident_needed"
        wrong = Wrong("incident", key)
    if wrongs := [one for one in (wrong, _silent(body.reason)) if one]:
        raise Invalid(*wrongs)
    rule = desk.policy(case)
    days = rule.verification.second_review_days
    due = clock.days_after_due(clock.now(), days, rule.zone)
    return await _ask(conn, desk, operator, case, body.decision, body.reason, due, named=named)


def _silent(reason: str) -> Wrong | None:
    return None if reason.strip() else Wrong("reason", "reason_needed")


async def _ask(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case: Case,
    kind: Kind,
    reason: str,
    due_at: datetime,
    *,
    days: int | None = None,
    named: UUID | None = None,
) -> str:
    sealed = desk.seal.close(reason.strip(), f"note:{case.submission_id}")
    request = Request(
        uuid4(), case.case_id, kind, operator.username, operator.role, sealed, days, clock.now(),
        due_at, named,
    )  # fmt: skip
    if not await requests.add(conn, request):
        raise Conflict("refused.asked_already")
    await note_action(conn, desk, case, operator, f"{kind}_asked", request.details, reason.strip())
    log.get().info("level above asked", case_id=str(case.case_id), kind=kind)
    return str(request.request_id)


@dataclass(frozen=True)
class Asked:
    """A request as the case's people see it: its reason opened, and who asks by name.

    `other` is the number of the case that it names, where whoever reads it may see that.
    """

    request: Request
    reason: str
    name: str
    other: str | None


async def load_asked(conn: Connection, desk: Desk, operator: Operator, case: Case) -> list[Asked]:
    """What is asked about a case and not answered."""
    found = await requests.list_of(conn, case.case_id)
    return await opened(conn, desk, operator, [(one, case) for one in found])


async def opened(
    conn: Connection, desk: Desk, operator: Operator, found: Sequence[tuple[Request, Case]]
) -> list[Asked]:
    """Requests with their cases, opened for reading."""
    names = await operators.list_names(conn, [one.asked_by for one, _ in found])
    named = {one.named for one, _ in found if one.named}
    numbers = await cases.list_numbers(conn, operator, named) if named else {}
    return [
        Asked(
            one,
            desk.seal.open(one.reason_sealed, f"note:{case.submission_id}"),
            names.get(one.asked_by, one.asked_by),
            numbers.get(one.named) if one.named else None,
        )
        for one, case in found
    ]


async def decide(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: DecisionBody
) -> str:
    """Grant or refuse. Conflict once it is decided, or its time is over."""
    await together.lock_incidents(conn, case_id)
    case, now = await claim(conn, operator, case_id), clock.now()
    asked = await requests.list_of(conn, case_id)
    request = appealing.find(asked, body.request_id)
    if request is None or request.is_over(now):
        raise Conflict("refused.request_over")
    rules.may_decide(request, operator, body.decision, body.word.strip())
    if request.kind == "appeal":
        appeals.may_answer(case, request, body)
    outcome: rules.Outcome = "granted" if body.decision == "grant" else "refused"
    await requests.end(conn, request.request_id, outcome, operator.username, now)
    action = f"{request.kind}_{outcome}"
    await note_action(conn, desk, case, operator, action, request.details, body.word.strip())
    if request.kind == "appeal":
        await appeals.answer(conn, desk, operator, case, request, body)
    elif outcome == "granted":
        await _grant(conn, desk, operator, case, request)
    log.get().info("request decided", case_id=str(case_id), kind=request.kind, outcome=outcome)
    return outcome


async def _grant(
    conn: Connection, desk: Desk, operator: Operator, case: Case, request: Request
) -> None:
    if request.named:
        await incidents.settle(conn, desk, operator, case, request.named)
    elif request.kind == "extension":
        await _extend(conn, desk, case, request, clock.now())
    else:
        await cases.set_columns(conn, replace(case, lead=None), ("lead",))


async def _extend(
    conn: Connection, desk: Desk, case: Case, request: Request, now: datetime
) -> None:
    rule = desk.policy(case)
    rules.may_extend(case, rule, now)
    longer = rules.extended(case, request.days or 0, rule)
    await cases.set_columns(conn, longer, rules.EXTENDED)
    await tell(conn, case, lambda: rules.rescheduled(longer, now))


async def lapse(conn: Connection, limit: int) -> int:
    """End what nobody answered in time, and say so on the time line; how many."""
    over = await requests.lapse(conn, limit)
    for one in over:
        action = Action(one.case_id, f"{one.kind}_lapsed", "", clock.now(), one.details)
        await actions.add_action(conn, action)
    return len(over)
