"""Units that answer again and again for what no officer is found to answer for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from services.scoring.rules.prominent import begin
from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.policy import Policies
from shared.values import clock


def inspections(unit: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 13: so many cases of a quarter with the attribution `unit` propose an inspection."""
    quarters = Counter(first_of(fact, policies) for fact in facts if fact.attribution == "unit")
    for first, cases in sorted(quarters.items()):
        policy = policies.at(begin(first, policies))
        if cases >= policy.unknown_officer.cases:
            cause, period = Cause("inspection", unit), quarter(first)
            yield Demand(Subject("unit", unit.id), cause, period, edition=policy.effective_from)


def first_of(fact: Fact, policies: Policies) -> date:
    """The first day of the quarter of receipt at the bureau."""
    day = clock.service_day(fact.received_at, policies.at(fact.received_at).zone)
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def quarter(first: date) -> str:
    """Its name as a period: `2026-Q1`."""
    return f"{first.year}-Q{first.month // 3 + 1}"
