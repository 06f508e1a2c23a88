"""What a call to the citizen makes of the callback 「當天進行電話回訪完畢」."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared import policy
from shared.errors import Conflict
from shared.events import CallbackOutcome, CallbackState


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
    """How many attempts count: each at least `spacing` after the last one that counted."""
    counted, last = 0, None
    for at in sorted(times):
        if last is None or at - last >= spacing:
            counted, last = counted + 1, at
    return counted
