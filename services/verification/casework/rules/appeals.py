"""An officer's appeal against a mark (rule 15): until when, how often, and what it leads to."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.rules.verdicts import SUBSTANTIATED, Ruling
from shared.errors import Conflict, Wrong
from shared.events import AppealChanged, AppealState
from shared.policy import Policy, promises
from shared.values import clock

# What stands in place of a verdict that is overturned: others answer for it, a rule was its cause,
# or nothing is found after all.
Instead = Literal["others", "policy", "unfounded"]


def is_marked(case: Case, badge: str) -> bool:
    """Whether the verdict in force sets a mark on an officer."""
    counts = case.kind == "complaint" and case.verdict in SUBSTANTIATED
    return counts and case.attribution == "officers" and badge in case.officers


def until(case: Case, rule: Policy) -> datetime | None:
    """Until when a verdict in force may be appealed against; None while there is none."""
    if case.state != "verified" or case.final_at is None:
        return None
    return promises.appealable_until(case.final_at, rule)


def may_appeal(case: Case, badge: str, earlier: int, rule: Policy, now: datetime) -> None:
    """Conflict without a mark in force, after its time, or where `earlier` appeals are enough."""
    end = until(case, rule)
    if end is None:
        raise Conflict("refused.appeal_not_now")
    if not is_marked(case, badge):
        raise Conflict("refused.appeal_no_mark")
    if earlier >= rule.appeal.officer_times:
        raise Conflict("refused.appeal_used")
    if now >= end:
        raise Conflict("refused.appeal_too_late")


def answer_due(now: datetime, rule: Policy) -> datetime:
    """By when the level above answers, in working days."""
    day = clock.service_day(now, rule.zone)
    last = rule.calendar.working_day_after(day, rule.appeal.officer_answer_days)
    return clock.end_of_day(last, rule.zone)


def wrong_answer(instead: Instead | None, answer: str) -> Wrong | None:
    """What is missing where an appeal is granted.

    A citizen to whom something was confirmed is told when nothing is found after all.
    """
    if instead is None:
        return Wrong("instead", "instead_needed")
    if instead == "unfounded" and not answer.strip():
        return Wrong("answer", "answer_needed")
    return None


def in_place(newest: Ruling, badge: str, instead: Instead) -> Ruling:
    """What is ruled without the mark of this officer."""
    if instead == "policy":
        return Ruling(newest.verdict, "policy", (), newest.categories)
    if instead == "unfounded":
        return Ruling("unsubstantiated", "none", (), newest.categories)
    left = tuple(one for one in newest.officers if one != badge)
    return Ruling(
        newest.verdict,
        "officers" if left else "unit",
        left,
        newest.categories,
        counters=newest.counters,
    )


def changed(request: Request, case: Case, state: AppealState, now: datetime) -> AppealChanged:
    """The event of an appeal that was filed, or answered."""
    return AppealChanged(
        appeal_id=request.request_id,
        case_id=case.case_id,
        unit_code=case.unit_code,
        badge=request.badge or "",
        revision=case.revision,
        version=1 if state == "filed" else 2,
        state=state,
        due_at=request.due_at,
        changed_at=now,
    )


def answered(asked: list[Request], case: Case) -> list[Request]:
    """The appeals that a verdict in force answers by itself: it marks these officers no more."""
    return [
        one for one in asked
        if one.kind == "appeal" and not is_marked(case, one.badge or "")
    ]  # fmt: skip


def find(asked: list[Request], request_id: UUID) -> Request | None:
    """One of what is asked."""
    return next((one for one in asked if one.request_id == request_id), None)
