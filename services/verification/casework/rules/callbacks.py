"""What a call to the citizen makes of the callback 「當天進行電話回訪完畢」."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared import access, policy
from shared.access import Operator
from shared.errors import Conflict
from shared.events import CallbackOutcome, CallbackState


def may_call(operator: Operator) -> bool:
    """Whether calls of theirs are callbacks: a unit makes none about itself (rule 4)."""
    return operator.role in access.SUPERVISORS


def state_after(
    state: CallbackState,
    earlier: Iterable[datetime],
    outcome: CallbackOutcome,
    at: datetime,
    rule: policy.Callback,
) -> CallbackState:
    """The callback's state after one more attempt; `earlier` are the times of those before.

    Done is *reached*. Enough attempts that are far enough apart make it *unreached*, which a later
    call may still mend. Conflict when there is nothing left to call for, or no phone.
    """
    if state == "no_phone":
        raise Conflict("refused.no_phone")
    if state == "reached":
        raise Conflict("refused.reached_already")
    if outcome == "reached":
        return "reached"
    counted = count_spaced([*earlier, at], timedelta(minutes=rule.spacing_minutes))
    return "unreached" if counted >= rule.attempts else "open"


def since(reopened_at: datetime | None, times: Iterable[datetime]) -> list[datetime]:
    """The attempts that count: where a case was opened again, those from then on."""
    return [at for at in times if reopened_at is None or at >= reopened_at]


def count_spaced(times: Iterable[datetime], spacing: timedelta) -> int:
    """How many attempts count."""
    return sum(counting(sorted(times), spacing))


def counting(times: Sequence[datetime], spacing: timedelta) -> list[bool]:
    """Which attempts count, oldest first: each at least `spacing` after the last that counted."""
    counted: list[bool] = []
    last = None
    for at in times:
        counted.append(last is None or at - last >= spacing)
        last = at if counted[-1] else last
    return counted


def counts_from(times: Sequence[datetime], spacing: timedelta) -> datetime | None:
    """From when on one more attempt counts; None where it is the first."""
    counted = [at for at, counts in zip(times, counting(times, spacing), strict=True) if counts]
    return counted[-1] + spacing if counted else None
