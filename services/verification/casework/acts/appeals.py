"""Officers appeal against their marks, once and in time; the level above answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.verification.casework.acts import judging
from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import (
    AppealBody,
    DecisionBody,
    OwnAppealBody,
    VerdictBody,
)
from services.verification.casework.rules import appeals as rules
from services.verification.casework.rules import verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.store import actions, cases, marks, requests
from services.verification.casework.store.marks import Marked
from services.verification.casework.store.requests import Appealed, Heard
from shared import access
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection, as_itself
from shared.errors import Conflict, Invalid, Wrong
from shared.events import AppealState
from shared.observe import log
from shared.policy import promises
from shared.values import clock


async def appeal(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: AppealBody
) -> str:
    """On an officer's behalf. Conflict where it is too late, done before, or nothing is marked."""
    case = await claim(conn, operator, case_id)
    [badge] = verdicts.spelt((body.officer,), case.officers)
    async with as_itself(conn, operator):
        return await _file(conn, desk, operator, case, badge, body.reason)


async def appeal_own(conn: Connection, desk: Desk, operator: Operator, body: OwnAppealBody) -> str:
    """The same by the officer, who sees nothing else of the case."""
    async with as_itself(conn, operator):
        marked = await marks.get(conn, body.case_id, access.identities(operator))
        case = await cases.claim_case_of(conn, marked.submission_id) if marked else None
        if marked is None or case is None:
            raise Conflict("refused.appeal_no_mark")
        return await _file(conn, desk, operator, case, marked.badge, body.reason)


async def _file(
    conn: Connection, desk: Desk, operator: Operator, case: Case, badge: str, reason: str
) -> str:
    rule, now, said = desk.policy(case), clock.now(), reason.strip()
    earlier = await requests.list_appeals(conn, [case.case_id], badge)
    rules.may_appeal(case, badge, len(earlier), rule, now)
    if not said:
        raise Invalid(Wrong("reason", "reason_needed"))
    decider = await actions.get_decider(conn, case.case_id)
    if decider is None:
        raise Conflict("refused.appeal_not_now")
    sealed = desk.seal.close(said, f"note:{case.submission_id}")
    request = Request(
        uuid4(), case.case_id, "appeal", operator.username, operator.role, sealed, None, now,
        rules.answer_due(now, rule), badge=badge, judged_by=decider.username,
        judged_role=decider.role,
    )  # fmt: skip
    if not await requests.add(conn, request):
        raise Conflict("refused.asked_already")
    await note_action(conn, desk, case, operator, "appeal_asked", request.details, said)
    await publish(conn, rules.changed(request, case, "filed", now))
    log.get().info("appeal filed", case_id=str(case.case_id))
    return str(request.request_id)


def may_answer(case: Case, request: Request, body: DecisionBody) -> None:
    """Conflict while no verdict in force marks the officer; Invalid where something is missing."""
    if case.state != "verified" or not rules.is_marked(case, request.badge or ""):
        raise Conflict("refused.appeal_not_now")
    wrong = [Wrong("word", "refusal_needs_word")] if not body.word.strip() else []
    if body.decision == "grant" and (other := rules.wrong_answer(body.instead, body.answer)):
        wrong.append(other)
    if wrong:
        raise Invalid(*wrong)


async def answer(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case: Case,
    request: Request,
    body: DecisionBody,
) -> None:
    """Tell how it was decided; where it is granted, record the verdict that stands instead."""
    state: AppealState = "overturned" if body.decision == "grant" else "upheld"
    await publish(conn, rules.changed(request, case, state, clock.now()))
    if body.instead and body.decision == "grant":
        newest = (await actions.list_verdicts(conn, case.case_id))[-1]
        ruling = rules.in_place(newest, request.badge or "", body.instead)
        said = body.answer.strip() if body.instead == "unfounded" else ""
        kept = desk.seal.open(newest.answer_sealed, f"answer:{case.submission_id}")
        verdict = VerdictBody(
            verdict=ruling.verdict,
            attribution=ruling.attribution,
            officers=ruling.officers,
            categories=ruling.categories,
            counters=ruling.counters,
            finding=body.word.strip(),
            answer=said or kept,
            revision=case.revision,
        )
        await judging.record(conn, desk, operator, case, verdict, newest.verdict)


# An officer's page has so many appeals, the newest.
_MOST = 50


@dataclass(frozen=True)
class Own:
    """A mark of an officer's own, until when they may appeal, and what became of their appeals.

    `answer_days` are the working days within which an appeal is answered.
    """

    marked: Marked
    until: datetime
    appeals: list[Appealed]
    may: bool
    answer_days: int


async def list_own(conn: Connection, desk: Desk, operator: Operator) -> list[Own]:
    """The marks of whoever asks, the newest first: nothing of their cases but what was found."""
    if operator.badge is None:
        return []
    async with as_itself(conn, operator):
        found = await marks.list_newest(conn, access.identities(operator))
        own = []
        for one in found:
            rule = desk.policies.at(one.received_at)
            appeals = await requests.list_appeals(conn, [one.case_id], one.badge)
            until = promises.appealable_until(one.final_at, rule)
            may = clock.now() < until and len(appeals) < rule.appeal.officer_times
            own.append(Own(one, until, appeals, may, rule.appeal.officer_answer_days))
    return own


@dataclass(frozen=True)
class Answered:
    """An appeal with what whoever decided wrote of it; "" while nobody has, or a verdict did."""

    appeal: Heard
    word: str


async def list_answered(conn: Connection, desk: Desk, operator: Operator) -> list[Answered]:
    """The appeals of whoever asks, the newest first, also where the mark has fallen since."""
    if operator.badge is None:
        return []
    async with as_itself(conn, operator):
        heard = await requests.list_heard(conn, access.identities(operator), _MOST)
    return [Answered(one, _word(desk, one)) for one in heard]


def _word(desk: Desk, one: Heard) -> str:
    sealed = one.word_sealed
    return desk.seal.open(sealed, f"note:{one.submission_id}") if sealed else ""
