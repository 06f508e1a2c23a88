"""What comes next in a case, so that a row can say what to do and not only how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.verification.casework.rules import callbacks
from services.verification.casework.rules.cases import Case
from shared import policy

Act = Literal["call", "call_after", "called_above", "check", "review", "none"]


@dataclass(frozen=True)
class Next:
    """The next act: the how manieth call, or when its next attempt counts."""

    act: Act
    number: int = 0
    at: datetime | None = None


def next_act(
    case: Case, calls: Sequence[datetime], rule: policy.Callback, now: datetime, *, calling: bool
) -> Next:
    """A call first, where whoever asks may call (`callbacks.may_call`), then the check, the review.

    `calls` are the attempts so far, the oldest first.
    """
    if case.callback_state == "open":
        if calling:
            return _call(callbacks.since(case.reopened_at, calls), rule, now)
        if case.state != "open":
            return Next("called_above")
    if case.state == "open":
        return Next("check")
    return Next("review" if case.under_review else "none")


def _call(calls: Sequence[datetime], rule: policy.Callback, now: datetime) -> Next:
    spacing = timedelta(minutes=rule.spacing_minutes)
    number, from_then = (
        callbacks.count_spaced(calls, spacing) + 1,
        callbacks.counts_from(calls, spacing),
    )
    if from_then and now < from_then:
        return Next("call_after", number, from_then)
    return Next("call", number)
