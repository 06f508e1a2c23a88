"""A rule that comes later is one pure function: the plan, the journal and the handler know nothing.

These rules are not in force; they are the ones that the design sees coming.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from services.scoring.rules import plan
from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared.policy import Policies
from shared.values import clock
from tests.unit.scoring_books import DAY, POLICIES, Books, verdict

UNIT = Scope("unit", "411702001")


def prominent(unit: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 12's first half: so many substantiated incidents of a unit in a calendar month."""
    months: dict[str, set[object]] = defaultdict(set)
    for fact in facts:
        day = clock.service_day(fact.received_at, policies.at(fact.received_at).zone)
        months[f"{day:%Y-%m}"].add(fact.incident_id)
    for month, incidents in months.items():
        if len(incidents) >= policies.editions[-1].prominent.incidents:
            yield Demand(Subject("unit", unit.id), Cause("prominent", unit), month)


def unknown_officer(unit: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rule 13: so many cases in a quarter for which only the unit answers."""
    quarters: Counter[str] = Counter()
    for fact in facts:
        if fact.attribution == "unit":
            day = clock.service_day(fact.received_at, policies.at(fact.received_at).zone)
            quarters[f"{day.year}-Q{(day.month + 2) // 3}"] += 1
    for quarter, cases in quarters.items():
        if cases >= policies.editions[-1].unknown_officer.cases:
            yield Demand(Subject("unit", unit.id), Cause("unknown_officer", unit), quarter, 50)


RULES: plan.Rules = {**plan.RULES, "unit": (prominent, unknown_officer)}


def test_three_incidents_in_a_month_make_a_unit_prominent() -> None:
    """Not the second, not a further complaint about the same, only the third incident."""
    books = Books(RULES)
    for case, incident in enumerate((1, 2, 2, 3), 1):
        assert not books.under("prominent")
        books.take(verdict(case, incident=incident, officers=()))
    expected = Demand(Subject("unit", UNIT.id), Cause("prominent", UNIT), "2026-03")
    assert Counter([expected]) == books.under("prominent")


def test_it_ends_when_a_verdict_falls() -> None:
    """A later revision takes the demand back, and nothing else of that month."""
    books = Books(RULES)
    for case in (1, 2, 3):
        books.take(verdict(case, officers=()))
    changes = books.take(verdict(2, 2, verdict="unsubstantiated"))
    assert (-1, "2026-03") in [
        (c.delta, c.demand.period) for c in changes if c.demand.cause.rule == "prominent"
    ]
    assert not books.under("prominent")


def test_a_month_is_the_bureaus() -> None:
    """An hour before and after midnight in Shanghai at the end of a month are two months."""
    last = DAY.replace(day=31, hour=15)
    books = Books(RULES)
    for case, hours in enumerate((0, 0, 2), 1):
        books.take(verdict(case, officers=(), received_at=last + timedelta(hours=hours)))
    assert not books.under("prominent")


def test_a_rule_of_quarters_may_deduct() -> None:
    """Its points enter the balance by the same plan."""
    books = Books(RULES)
    for case in (1, 2, 3):
        books.take(verdict(case, attribution="unit", officers=(), categories=("other",)))
    assert {"2026-Q1"} == {demand.period for demand in books.under("unknown_officer")}
    assert -(3 * 100 + 50) == books.balances[UNIT.id]


def test_without_such_a_rule_units_are_not_looked_at() -> None:
    """Where no rule asks for a unit's facts together, none of its history is loaded."""
    scopes = plan.scopes_of([Fact.of(verdict())], {**plan.RULES, "unit": ()})
    assert ["case", "officer"] == [scope.kind for scope in scopes]


def test_a_rule_may_not_speak_for_others() -> None:
    """A demand whose cause is another scope would never be taken back: it is refused."""

    def wrong(_: Scope, facts: Sequence[Fact], __: Policies) -> Iterator[Demand]:
        for fact in facts:
            yield Demand(Subject("unit", fact.unit_code), Cause("wrong", Scope("case", "7")))

    with pytest.raises(ValueError, match="wrong"):
        plan.decide(
            [UNIT], [Fact.of(verdict())], Counter(), POLICIES, {**plan.RULES, "unit": (wrong,)}
        )
