"""What a complaint costs its unit, the criticism that follows it, or the note that clears."""

from collections.abc import Iterator, Sequence

from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.policy import Policies, Policy


def deductions(case: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 7: the largest of the case's categories, a part of it for `partly`."""
    for fact in facts:
        if points := points_of(fact, policies.at(fact.received_at)):
            unit = Subject("unit", fact.unit_code)
            yield Demand(unit, Cause(fact.verdict, case), None, points)


def points_of(fact: Fact, policy: Policy) -> int:
    """In centipoints; nothing where assessment does not apply."""
    if not fact.counts:
        return 0
    return policy.assessment.deduction(fact.verdict, fact.attribution, fact.categories)


def criticisms(case: Scope, facts: Sequence[Fact], _: Policies) -> Iterator[Demand]:
    """Rule 7: a circulated criticism of the unit, also where a policy was the cause."""
    for fact in facts:
        if fact.counts:
            yield Demand(Subject("unit", fact.unit_code), Cause("criticism", case))


def clearings(case: Scope, facts: Sequence[Fact], _: Policies) -> Iterator[Demand]:
    """Rule 17: a clearing note for each officer whom an unfounded complaint named."""
    for fact in facts:
        for badge in fact.cleared:
            yield Demand(Subject("officer", badge), Cause("clearing", case))
