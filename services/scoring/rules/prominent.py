"""Units of which much is heard for months running 「連續兩個月反映問題突出」."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.policy import Policies
from shared.values import clock


@dataclass(frozen=True)
class Month:
    """A month in which something was found true at a unit: its incidents, each with its cases.

    So many `needed` make it prominent; `interview` where it is the last of enough in a row.
    """

    first: date
    incidents: tuple[tuple[Fact, ...], ...]
    needed: int
    interview: bool

    @property
    def is_prominent(self) -> bool:
        """Rule 12: no ranks and no shares, a plain number."""
        return len(self.incidents) >= self.needed


def interviews(unit: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 12: an interview in each month that is the last of so many prominent ones in a row."""
    for month in months_of(facts, policies):
        if month.interview:
            leader, edition = Subject("unit", unit.id), policies.at(begin(month.first, policies))
            cause, period = Cause("interview", unit), f"{month.first:%Y-%m}"
            yield Demand(leader, cause, period, edition=edition.effective_from)


def months_of(facts: Sequence[Fact], policies: Policies) -> list[Month]:
    """The months of a unit, in order; an incident belongs to that of its first complaint."""
    groups: dict[date, list[tuple[Fact, ...]]] = {}
    for incident in _incidents(facts):
        groups.setdefault(month_of(incident[0], policies), []).append(incident)
    rule = {month: policies.at(begin(month, policies)).prominent for month in groups}
    prominent = {month for month, found in groups.items() if len(found) >= rule[month].incidents}
    return [
        Month(
            month,
            tuple(groups[month]),
            rule[month].incidents,
            prominent.issuperset(run(month, rule[month].months)),
        )
        for month in sorted(groups)
    ]


def _incidents(facts: Sequence[Fact]) -> list[tuple[Fact, ...]]:
    """The cases of each incident, in the order of receipt."""
    found: dict[UUID, list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: (one.received_at, one.case_id)):
        found.setdefault(fact.incident_id, []).append(fact)
    return [tuple(cases) for cases in found.values()]


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
