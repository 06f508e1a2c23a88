"""What a submission may count on, by the clock: one rule for who takes it in and for who acts."""

from datetime import datetime
from typing import NamedTuple

from shared.events import Kind
from shared.policy import Policy
from shared.values import clock

_DISSATISFIED = 2


class Due(NamedTuple):
    """By when the citizen is called, and has an answer; None where nothing is promised."""

    callback: datetime | None
    verification: datetime | None


NOTHING = Due(None, None)


def opens_case(kind: Kind, satisfaction: int | None) -> bool:
    """Every complaint and request, and every bad rating, also a bare one (rule 3)."""
    if kind != "rating":
        return True
    return satisfaction is not None and satisfaction <= _DISSATISFIED


def is_bare(kind: Kind, *, words: bool, phone: bool) -> bool:
    """A bad rating without words and phone: nobody to call, something to put right."""
    return kind == "rating" and not (words or phone)


def appealable_until(verified_at: datetime, policy: Policy) -> datetime:
    """Until when an officer may appeal against a verdict's mark (rule 15), in working days."""
    day = clock.service_day(verified_at, policy.zone)
    last = policy.calendar.working_day_after(day, policy.appeal.officer_working_days)
    return clock.end_of_day(last, policy.zone)


def due(received_at: datetime, policy: Policy, *, bare: bool = False) -> tuple[datetime, datetime]:
    """When a callback and a verification are due 「當天進行電話回訪完畢」「當天核查完畢上報」.

    What is bare has some working days.
    """
    zone, cutoff = policy.zone, policy.callback.cutoff
    callback = verification = clock.same_day_due(received_at, cutoff, zone)
    if bare:
        day = clock.service_day(received_at, zone)
        last = policy.calendar.working_day_after(day, policy.verification.bare_working_days)
        verification = clock.end_of_day(last, zone)
    elif policy.verification.cutoff != cutoff:
        verification = clock.same_day_due(received_at, policy.verification.cutoff, zone)
    return callback, verification
