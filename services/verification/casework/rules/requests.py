"""What is asked of the level above, and what its answer makes of the case."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.verification.casework.rules.cases import Case
from shared import access
from shared.access import Operator, Role
from shared.errors import Conflict, Forbidden, Invalid, Wrong
from shared.events import CaseRescheduled
from shared.policy import Policy
from shared.values import clock

Kind = Literal["extension", "dispute", "merge", "split", "appeal"]
Outcome = Literal["granted", "refused", "lapsed"]
# The columns that more time changes.
EXTENDED = ("verification_due_at", "extensions", "reschedules")


@dataclass(frozen=True)
class Request:
    """Asked by somebody who works on the case; without an answer by `due_at` nothing changes.

    `days` are those of an extension; `named` is the case to join, or this one, to stand apart. An
    appeal is that of `badge`, against what `judged_by` said last; it is answered also when late.
    """

    request_id: UUID
    case_id: UUID
    kind: Kind
    asked_by: str
    asked_role: Role
    reason_sealed: str
    days: int | None
    asked_at: datetime
    due_at: datetime
    named: UUID | None = None
    badge: str | None = None
    judged_by: str | None = None
    judged_role: Role | None = None

    @property
    def details(self) -> Mapping[str, Any]:
        """What the time line says of it."""
        if self.badge:
            return {"badge": self.badge}
        return {"joins": str(self.named)} if self.named else {"days": self.days}

    def is_for(self, operator: Operator) -> bool:
        """Whether it is this operator's to decide: they are a level above whoever asks.

        Or, of an appeal, above whoever had the last word, and did not file it themselves.
        """
        if self.judged_by and self.judged_role:
            another = operator.username != self.asked_by
            return another and access.may_review(operator, self.judged_by, self.judged_role)
        return access.may_review(operator, self.asked_by, self.asked_role)

    def is_over(self, now: datetime) -> bool:
        """Whether its time to be answered is over."""
        return now >= self.due_at and self.kind != "appeal"


def may_extend(case: Case, rule: Policy, now: datetime) -> None:
    """Conflict when no more time can be given: it is not running, is over, or was given before."""
    if case.state != "open":
        raise Conflict("refused.extension_not_running")
    if now >= case.verification_due_at:
        raise Conflict("refused.extension_too_late")
    if case.extensions >= rule.verification.extensions:
        raise Conflict("refused.extension_used")


def wrong_days(days: int, rule: Policy) -> Wrong | None:
    """What is wrong with so many days more."""
    most = rule.verification.extension_days
    return Wrong("days", "days_at_most", most=most) if days > most else None


def may_decide(request: Request, operator: Operator, decision: str, word: str) -> None:
    """Forbidden below the level above; Invalid where a refusal does not say why."""
    if not request.is_for(operator):
        raise Forbidden("refused.level_above_decides")
    if decision == "refuse" and not word:
        raise Invalid(Wrong("word", "refusal_needs_word"))


def extended(case: Case, days: int, rule: Policy) -> Case:
    """The case with so many days more, to the end of a day."""
    last_day = case.verification_due_at - timedelta(microseconds=1)
    return replace(
        case,
        verification_due_at=clock.days_after_due(last_day, days, rule.zone),
        extensions=case.extensions + 1,
        reschedules=case.reschedules + 1,
    )


def rescheduled(case: Case, now: datetime) -> CaseRescheduled:
    """The event of more time; `case` has it already."""
    return CaseRescheduled(
        case_id=case.case_id,
        submission_id=case.submission_id,
        number=case.reschedules,
        why="extended",
        revision=case.revision,
        callback_due_at=None,
        verification_due_at=case.verification_due_at,
        changed_at=now,
        word_owed=case.word_owed,
        word_due_at=case.word_due_at,
    )
