"""Officers' strikes in a year, and what the second and third cost their units."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from services.scoring.rules.values import Deduction, Mark, Strike
from shared.policy import Policies, Policy
from shared.values import clock

ROLLING = timedelta(days=365)


def extras_of(marks: Iterable[Mark], policies: Policies) -> Counter[Deduction]:
    """Rules 10 and 11: what the units pay for officers' second and third strikes in a year.

    The unit of the strike that crosses the line pays, under the policy of that day.
    """
    extras: Counter[Deduction] = Counter()
    for badge, own in groupby(sorted(marks, key=lambda m: m.badge), key=lambda m: m.badge):
        for strike in strikes_of(own, policies):
            policy = policies.at(strike.first.received_at)
            extras.update(_extras_at(strike.number, badge, strike.first.unit_code, policy))
    return extras


def strikes_of(marks: Iterable[Mark], policies: Policies) -> list[Strike]:
    """One officer's strikes, in the order in which the complaints came in."""
    incidents: dict[UUID, list[Mark]] = {}
    for mark in sorted(marks, key=lambda m: (m.received_at, m.case_id)):
        incidents.setdefault(mark.incident_id, []).append(mark)
    firsts = [group[0] for group in incidents.values()]
    return [
        Strike(
            group[0],
            tuple(mark.case_id for mark in group),
            _number(firsts[:place], policies.at(group[0].received_at)),
        )
        for place, group in enumerate(incidents.values(), 1)
    ]


def _number(firsts: list[Mark], policy: Policy) -> int:
    """Which strike within its window the last one is."""
    last = firsts[-1].received_at
    if policy.strikes.window == "rolling_365_days":
        return sum(mark.received_at > last - ROLLING for mark in firsts)
    year = year_of(last, policy)
    return sum(year_of(mark.received_at, policy) == year for mark in firsts)


def _extras_at(number: int, badge: str, unit_code: str, policy: Policy) -> list[Deduction]:
    rule = policy.strikes
    extras: list[Deduction] = []
    if number == rule.accountability_at and rule.accountability_centipoints:
        points = rule.accountability_centipoints
        extras.append(Deduction(unit_code, "accountability", points, badge))
    if number == rule.transfer_at and rule.transfer_centipoints:
        extras.append(Deduction(unit_code, "transfer", rule.transfer_centipoints, badge))
    return extras


def year_of(received_at: datetime, policy: Policy) -> int:
    """The calendar year of receipt at the bureau 「年內」."""
    return clock.service_day(received_at, policy.zone).year
