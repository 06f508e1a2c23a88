"""What a verdict leads to, in the policy's own numbers: told before it is submitted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.verification.casework.rules.cases import CaseKind
from services.verification.casework.rules.verdicts import SUBSTANTIATED, Ruling
from shared.policy import Policy
from shared.values import clock

ROLLING = timedelta(days=365)
# What may be chosen, for who has chosen nothing yet.
CHOICES = (
    Ruling("substantiated", "officers", (), ()),
    Ruling("substantiated", "unit", (), ()),
    Ruling("substantiated", "policy", (), ()),
    Ruling("helped", "none", (), ()),
    Ruling("unsubstantiated", "none", (), ()),
)


@dataclass(frozen=True)
class About:
    """What the consequences depend on beside the verdict.

    `strikes` are those of each officer within the year, for other incidents than this one; `waits`
    whether the level above decides first; `sms` and `airtime` what the citizen's phone can get.
    """

    kind: CaseKind
    strikes: Mapping[str, int]
    waits: bool
    sms: bool
    airtime: bool


@dataclass(frozen=True)
class Told:
    """One consequence: the end of its text's key, what stands in it, and until when, if ever."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


def of(ruling: Ruling, about: About, rule: Policy, now: datetime) -> Iterator[Told]:
    """All of them, in the order in which they happen."""
    if about.waits:
        days = rule.verification.second_review_days
        yield Told("review", due_at=clock.days_after_due(now, days, rule.zone))
    if about.kind == "complaint":
        if ruling.verdict in SUBSTANTIATED:
            yield from _assessed(ruling, about, rule)
        if ruling.verdict in rule.reward.verdicts:
            yield _rewarded(about, rule, now)
    if about.kind == "complaint" and about.sms:
        yield Told("thanks")
    yield Told("answer", {"n": rule.appeal.citizen_days})


def _assessed(ruling: Ruling, about: About, rule: Policy) -> Iterator[Told]:
    yield Told("criticism")
    points = rule.assessment.deduction(ruling.verdict, ruling.attribution, ruling.categories)
    yield Told("points", {"points": f"{points / 100:.2f}"}) if points else Told("no_points")
    if ruling.attribution == "officers" and not ruling.officers:
        yield Told("strike_each")
    for badge in ruling.officers:
        yield from _struck(badge, about.strikes.get(badge, 0) + 1, rule)


def _struck(badge: str, number: int, rule: Policy) -> Iterator[Told]:
    days = rule.appeal.officer_working_days
    yield Told("strike", {"badge": badge, "number": number, "n": days})
    if number == rule.strikes.accountability_at:
        yield Told("accountability", {"badge": badge})
    elif number == rule.strikes.transfer_at:
        yield Told("transfer", {"badge": badge})
    elif number > rule.strikes.transfer_at:
        yield Told("leadership", {"badge": badge})


def _rewarded(about: About, rule: Policy, now: datetime) -> Told:
    if not about.airtime:
        return Told("no_reward")
    due = clock.days_after_due(now, rule.reward.days, rule.zone)
    return Told("reward", {"yuan": f"{rule.reward.amount_fen / 100:.2f}"}, due)


def window(received_at: datetime, rule: Policy) -> tuple[datetime, datetime]:
    """From when to when strikes count together with one for this case."""
    if rule.strikes.window == "rolling_365_days":
        return received_at - ROLLING, received_at
    year = clock.service_day(received_at, rule.zone).year
    before, last = date(year - 1, 12, 31), date(year, 12, 31)
    return clock.end_of_day(before, rule.zone), clock.end_of_day(last, rule.zone)
