"""What a substantiated complaint costs its unit, and the criticism that follows it."""

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
    """In centipoints.

    Rule 14: policy causes cost nothing. A case without a category that this policy knows costs the
    smallest deduction, since something was found.
    """
    tables = {
        "officers": policy.assessment.officers_centipoints,
        "unit": policy.assessment.unit_centipoints,
    }
    if not fact.counts or fact.attribution not in tables:
        return 0
    table = tables[fact.attribution]
    points = max((table[c] for c in fact.categories if c in table), default=min(table.values()))
    if fact.verdict == "partly":
        points = points * policy.assessment.partly_percent // 100
    return points


def criticisms(case: Scope, facts: Sequence[Fact], _: Policies) -> Iterator[Demand]:
    """Rule 7: a circulated criticism of the unit, also where a policy was the cause."""
    for fact in facts:
        yield Demand(Subject("unit", fact.unit_code), Cause("criticism", case))
