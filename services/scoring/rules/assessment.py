"""What a complaint costs its unit, the criticism that follows it, or the note that clears."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.events import Attribution, Verdict
from shared.policy import Policies, Policy


@dataclass(frozen=True)
class Basis:
    """How a deduction is reckoned: the category's centipoints, and what part of them counts.

    `category` is none where the policy knows none of the case's: then it is the smallest of all.
    """

    category: str | None
    centipoints: int
    percent: int


def deductions(case: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 7: the largest of the case's categories, a part of it for `partly`."""
    for fact in facts:
        policy = policies.at(fact.received_at)
        if points := points_of(fact, policy):
            unit, cause = Subject("unit", fact.unit_code), Cause(fact.verdict, case)
            yield Demand(unit, cause, None, points, policy.effective_from)


def points_of(fact: Fact, policy: Policy) -> int:
    """In centipoints; nothing where assessment does not apply."""
    if not fact.counts:
        return 0
    return policy.assessment.deduction(fact.verdict, fact.attribution, fact.categories)


def basis_of(
    verdict: Verdict, attribution: Attribution, categories: Collection[str], policy: Policy
) -> Basis | None:
    """Rule 7 explained: why a verdict takes so much; nothing where it takes nothing."""
    rule = policy.assessment
    table = {"officers": rule.officers_centipoints, "unit": rule.unit_centipoints}.get(attribution)
    if table is None or verdict not in ("substantiated", "partly"):
        return None
    largest = max((key for key in categories if key in table), key=table.__getitem__, default=None)
    whole = table[largest] if largest else min(table.values())
    return Basis(largest, whole, rule.partly_percent if verdict == "partly" else 100)


def criticisms(case: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 7: a circulated criticism of the unit, also where a policy was the cause."""
    for fact in facts:
        if fact.counts:
            unit, edition = Subject("unit", fact.unit_code), _edition(fact, policies)
            yield Demand(unit, Cause("criticism", case), edition=edition)


def clearings(case: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 17: a clearing note for each officer whom an unfounded complaint named."""
    for fact in facts:
        for badge in fact.cleared:
            officer, edition = Subject("officer", badge), _edition(fact, policies)
            yield Demand(officer, Cause("clearing", case), edition=edition)


def _edition(fact: Fact, policies: Policies) -> date:
    return policies.at(fact.received_at).effective_from
