"""Units of which much is heard for months running 「連續兩個月反映問題突出」."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.policy import Policies
from shared.values import clock


def interviews(unit: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 12: an interview in each month that is the last of so many prominent ones in a row."""
    incidents = incidents_of(facts, policies)
    rule = {month: policies.at(begin(month, policies)).prominent for month in incidents}
    prominent = {month for month, n in incidents.items() if n >= rule[month].incidents}
    for month in sorted(prominent):
        if prominent.issuperset(run(month, rule[month].months)):
            leader, edition = (
                Subject("unit", unit.id),
                policies.at(begin(month, policies)).effective_from,
            )
            yield Demand(leader, Cause("interview", unit), f"{month:%Y-%m}", edition=edition)


def incidents_of(facts: Sequence[Fact], policies: Policies) -> Counter[date]:
    """How many incidents there were in each month, by the first complaint of each."""
    firsts: dict[UUID, Fact] = {}
    for fact in sorted(facts, key=lambda one: (one.received_at, one.case_id)):
        firsts.setdefault(fact.incident_id, fact)
    return Counter(month_of(fact, policies) for fact in firsts.values())


def begin(first: date, policies: Policies) -> datetime:
    """The first moment of a day at the bureau, by which a whole month or quarter is judged."""
    return clock.end_of_day(first - timedelta(days=1), policies.editions[-1].zone)


def month_of(fact: Fact, policies: Policies) -> date:
    """The first day of the month of receipt at the bureau."""
    zone = policies.at(fact.received_at).zone
    return clock.service_day(fact.received_at, zone).replace(day=1)


def run(last: date, months: int) -> list[date]:
    """So many months in a row, the last one given."""
    found = [last]
    while len(found) < months:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
