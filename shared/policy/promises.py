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


def opens_case(kind: Kind, satisfaction: int | None, *, words: bool, phone: bool) -> bool:
    """Every complaint and request, and a bad rating that leaves words or a phone (rule 3)."""
    if kind != "rating":
        return True
    bad = satisfaction is not None and satisfaction <= _DISSATISFIED
    return bad and (words or phone)


def same_day(received_at: datetime, policy: Policy) -> tuple[datetime, datetime]:
    """When a callback and a verification are due 「當天進行電話回訪完畢」「當天核查完畢上報」."""
    zone = policy.zone
    return (
        clock.same_day_due(received_at, policy.callback.cutoff, zone),
        clock.same_day_due(received_at, policy.verification.cutoff, zone),
    )
