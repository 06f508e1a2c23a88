"""What becomes of a case when its citizen answers back. Plain values only."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.verification.casework.rules import words
from services.verification.casework.rules.cases import Case, graded
from shared.access import Role
from shared.events import (
    AnswerRated,
    CaseRescheduled,
    ContactBound,
    PressureReported,
    SubmissionWithdrawn,
)
from shared.policy import Policy, promises
from shared.values import clock

# The columns that each of these changes.
REOPENED = (
    "state", "verified_at", "final_at", "review_due_at", "review_pending", "verification_due_at",
    "callback_state", "callback_settled_at", "callback_due_at", "reopened_at", "decided_by",
    "decided_role", "reschedules", "word_owed", "word_due_at",
)  # fmt: skip
BOUND = (
    "phone_sealed", "phone_index", "phone_refused", "callback_state", "callback_settled_at",
    "callback_due_at", "reschedules",
)  # fmt: skip
WITHDRAWN = ("withdrawal", "withdrawn_at", "review_due_at", "review_pending")
RATED = ("rating", "solved", "satisfied")


@dataclass(frozen=True)
class Decider:
    """Who had the last word on a verdict."""

    username: str
    role: Role


def reopened(case: Case, decider: Decider, said_at: datetime, policy: Policy) -> Case:
    """The case after a follow-up: open, all due times anew, and above whoever decided before.

    By the same rule as at first: they count from when it came in.
    """
    callback = replace(
        case,
        callback_state="open" if case.phone_sealed else "no_phone",
        callback_settled_at=None,
        callback_due_at=promises.callback_due(said_at, policy, graded(case)),
    )
    return replace(
        words.opened_again(callback, policy, said_at),
        state="open",
        verified_at=None,
        final_at=None,
        review_due_at=None,
        review_pending=False,
        verification_due_at=promises.verification_due(said_at, policy, graded(case)),
        reopened_at=said_at,
        decided_by=decider.username,
        decided_role=decider.role,
        reschedules=case.reschedules + 1,
    )


def bound(case: Case, event: ContactBound, policy: Policy) -> Case:
    """The case with the phone; where there was none, the citizen can now be called, and is to be.

    A phone of another kind that was called already is not called again.
    """
    known = replace(
        case, phone_sealed=event.phone_sealed, phone_index=event.phone_index, phone_refused=False
    )
    if case.callback_state != "no_phone":
        return known
    due = promises.callback_due(event.bound_at, policy, graded(case))
    times = case.reschedules + 1
    return replace(known, callback_state="open", callback_due_at=due, reschedules=times)


def withdrawn(
    case: Case, event: SubmissionWithdrawn, now: datetime, policy: Policy, *, drawn: bool
) -> Case:
    """The case after a withdrawal, or after it was taken back: it goes on as it was.

    One that the sample drew, and that has its verdict, is looked at by the level above.
    """
    at = event.changed_at if event.withdrawn else None
    marked = replace(case, withdrawal=event.version, withdrawn_at=at)
    if not event.withdrawn or not drawn or case.state != "verified" or case.review_pending:
        return marked
    due = clock.days_after_due(now, policy.verification.second_review_days, policy.zone)
    return replace(marked, review_due_at=due, review_pending=True)


def rated(case: Case, event: AnswerRated) -> Case:
    """The case with the newest answers to the two questions."""
    return replace(case, rating=event.version, solved=event.solved, satisfied=event.satisfied)


def pressure_case(event: PressureReported, policy: Policy, case_id: UUID, now: datetime) -> Case:
    """A case of its own about those who press a citizen; from whom it is kept is not said yet."""
    at = event.reported_at
    return Case(
        case_id=case_id,
        submission_id=event.pressure_id,
        incident_id=case_id,
        kind="pressure",
        unit_code=event.unit_code,
        counter=event.counter,
        urgent=True,
        language=event.language,
        received_at=at,
        opened_at=now,
        callback_due_at=promises.callback_due(at, policy, promises.Graded(urgent=True)),
        verification_due_at=promises.verification_due(at, policy, promises.Graded(urgent=True)),
        callback_state="open" if event.phone_sealed else "no_phone",
        words_sealed=event.words_sealed,
        phone_sealed=event.phone_sealed,
        phone_index=event.phone_index,
        about=event.submission_id,
    )


def rescheduled(case: Case, event: ContactBound | None, now: datetime) -> CaseRescheduled:
    """The event of new due times: of a bound phone, or else of a follow-up."""
    return CaseRescheduled(
        case_id=case.case_id,
        submission_id=case.submission_id,
        number=case.reschedules,
        why="phone_bound" if event else "followup",
        revision=case.revision,
        callback_due_at=case.callback_due_at if case.callback_state == "open" else None,
        verification_due_at=None if event else case.verification_due_at,
        changed_at=now,
        word_owed=case.word_owed,
        word_due_at=case.word_due_at,
    )
