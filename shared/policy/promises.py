"""What a submission may count on, by the clock: one rule for who takes it in and for who acts."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from shared.events import Kind
from shared.policy.editions import Policy
from shared.policy.within import Duty
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


class Graded(NamedTuple):
    """What a policy may grade its terms by."""

    categories: Collection[str] = ()
    urgent: bool = False


PLAIN = Graded()


def callback_due(since: datetime, policy: Policy, graded: Graded = PLAIN) -> datetime:
    """When a callback is due 「當天進行電話回訪完畢」."""
    return _due(policy.callback, since, policy, graded)


def verification_due(since: datetime, policy: Policy, graded: Graded = PLAIN) -> datetime:
    """When a verification is due 「當天核查完畢上報」."""
    return _due(policy.verification, since, policy, graded)


def _due(duty: Duty, since: datetime, policy: Policy, graded: Graded) -> datetime:
    if not duty.is_graded:
        return duty.within.ends(since, duty.cutoff, policy.calendar, policy.zone)
    spells = duty.spells(graded.categories, urgent=graded.urgent)
    return min(one.ends(since, duty.cutoff, policy.calendar, policy.zone) for one in spells)


def due(
    received_at: datetime, policy: Policy, graded: Graded = PLAIN, *, bare: bool = False
) -> tuple[datetime, datetime]:
    """When callback and verification are due; what is bare has some working days."""
    callback = callback_due(received_at, policy, graded)
    if not bare:
        # Every submission asks, and mostly both are the same.
        together = policy.due_together
        return callback, callback if together else verification_due(received_at, policy, graded)
    day = clock.service_day(received_at, policy.zone)
    last = policy.calendar.working_day_after(day, policy.verification.bare_working_days)
    return callback, clock.end_of_day(last, policy.zone)
