"""A submission that waits for a person before it counts, and what that person decides."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.events import (
    HeldReason,
    HoldEnded,
    HoldOutcome,
    SubmissionAdded,
    SubmissionReceived,
)
from shared.policy import Policy
from shared.values import clock

State = Literal["held", "released", "set_aside"]


@dataclass(frozen=True)
class Hold:
    """As it stands; `number` counts what was decided, `submission` is as intake told it."""

    submission: SubmissionReceived
    reason: HeldReason
    due_at: datetime
    state: State = "held"
    number: int = 0
    additions: tuple[SubmissionAdded, ...] = ()


def begin(event: SubmissionReceived, reason: HeldReason, policy: Policy) -> Hold:
    """It waits, and not for long: the level above has until the end of the policy's days."""
    due = clock.days_after_due(event.received_at, policy.limits.review_days, policy.zone)
    return Hold(event, reason, due)


def may_end(hold: Hold, outcome: HoldOutcome) -> bool:
    """What was set aside by mistake may still be released; what was released is under way."""
    return hold.state == "held" or (hold.state == "set_aside" and outcome == "released")


def ended(hold: Hold, outcome: HoldOutcome, at: datetime) -> HoldEnded:
    """The event that tells of it."""
    return HoldEnded(
        submission_id=hold.submission.submission_id,
        unit_code=hold.submission.unit_code,
        number=hold.number + 1,
        outcome=outcome,
        ended_at=at,
    )
