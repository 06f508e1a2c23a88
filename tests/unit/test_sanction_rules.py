"""Prominent months, for which cases a sanction is proposed, and who may decide it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.scoring.rules import prominent
from services.scoring.rules.sanctions import RULES, Rule, Sanction, counted, may_decide
from services.scoring.rules.values import Fact, Scope, Subject
from shared.access import Operator
from shared.errors import Conflict, Forbidden, Refused
from shared.policy import Policies
from tests.unit.scoring_books import DAY, POLICIES, POLICY, Books, verdict

UNIT = "411702001"
SANCTION = Sanction(UUID(int=1), "accountability", "170001", UNIT, "2026", (), DAY)
LEADER = Operator("leader", "李卫东", "leadership", "411700")


def month(number: int, cases: Iterable[int], **changes: Any) -> list[Any]:
    """Complaints found true of a month, each an incident of its own unless told otherwise."""
    at = datetime(2026, number, 5, 2, 0, tzinfo=UTC)
    return [verdict(case, officers=(), received_at=at, **changes) for case in cases]


def interviews(*events: Any) -> list[str]:
    """The months whose end calls for an interview."""
    books = Books()
    for event in events:
        books.take(event)
    found = books.under("interview")
    assert {Subject("unit", UNIT)} >= {demand.subject for demand in found}
    return sorted(str(demand.period) for demand in found)


def test_two_prominent_months_in_a_row_call_for_an_interview() -> None:
    """One alone does not, nor two with a quiet month between them."""
    assert [] == interviews(*month(3, range(3)))
    assert [] == interviews(*month(3, range(3)), *month(4, range(10, 12)), *month(5, range(20, 23)))
    assert ["2026-04"] == interviews(*month(3, range(3)), *month(4, range(10, 13)))


def test_a_third_month_in_a_row_calls_for_another() -> None:
    """And a year's end is no border."""
    three = [*month(3, range(3)), *month(4, range(10, 13)), *month(5, range(20, 23))]
    assert ["2026-04", "2026-05"] == interviews(*three)
    ends = [datetime(2026, 12, 9, tzinfo=UTC)] * 3 + [datetime(2027, 1, 9, tzinfo=UTC)] * 3
    winter = [verdict(n, officers=(), received_at=at) for n, at in enumerate(ends)]
    assert ["2027-01"] == interviews(*winter)


def test_incidents_are_counted_and_not_complaints() -> None:
    """Three complaints about one event are one; a verdict that falls takes the interview along."""
    first = month(3, range(3))
    assert [] == interviews(*first, *month(4, range(10, 13), incident=7))
    fallen = verdict(11, 2, verdict="unsubstantiated", received_at=DAY.replace(month=4, day=5))
    assert [] == interviews(*first, *month(4, range(10, 13)), fallen)


def test_a_run_of_months_goes_back_over_new_year() -> None:
    """Months of any length."""
    assert [date(2026, 3, 1), date(2026, 2, 1), date(2026, 1, 1), date(2025, 12, 1)] == (
        prominent.run(date(2026, 3, 1), 4)
    )


def test_a_sanction_counts_the_cases_of_its_year() -> None:
    """In the order of receipt; what came a year before belongs to another."""
    days = (DAY - timedelta(days=100), DAY + timedelta(days=2), DAY)
    facts = [Fact.of(verdict(n, received_at=at)) for n, at in enumerate(days, 1)]
    books = Books()
    for n in (3, 2):
        books.take(verdict(n, received_at=days[n - 1]))
    [demand] = books.under("accountability")
    assert (UUID(int=3), UUID(int=2)) == counted(demand, facts, POLICIES)
    window = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    rolling = Policies([POLICY.model_copy(update={"strikes": window})])
    assert (UUID(int=1), UUID(int=3)) == counted(replace(demand, period=None), facts, rolling)


def test_a_sanction_counts_the_strikes_that_stand() -> None:
    """「2次」: of three the first two; where the first fell, those that came after it."""
    facts = [Fact.of(verdict(n, received_at=DAY + timedelta(days=n))) for n in (1, 2, 3)]
    demand = replace(SANCTION, rule="accountability").demand
    assert (UUID(int=1), UUID(int=2)) == counted(demand, facts, POLICIES)
    assert (UUID(int=2), UUID(int=3)) == counted(demand, facts[1:], POLICIES)
    assert () == counted(demand, facts[:1], POLICIES)
    joined = [replace(fact, incident_id=UUID(int=9)) for fact in facts[:2]]
    both = [UUID(int=n) for n in (1, 2, 3)]
    assert both == list(counted(demand, [*joined, facts[2]], POLICIES))


def test_an_interview_counts_the_cases_of_its_months() -> None:
    """Not those of a month before."""
    events = [*month(2, [1]), *month(3, range(10, 13)), *month(4, range(20, 23))]
    books = Books()
    for event in events:
        books.take(event)
    [demand] = books.under("interview")
    found = counted(demand, [Fact.of(event) for event in events], POLICIES)
    assert [UUID(int=n) for n in (10, 11, 12, 20, 21, 22)] == list(found)


@pytest.mark.parametrize(
    ("sanction", "who", "verified_by", "wanted"),
    [
        (SANCTION, LEADER, ["somebody"], None),
        (SANCTION, LEADER, ["leader"], Forbidden),
        (SANCTION, replace(LEADER, badge="170001"), [], Forbidden),
        (replace(SANCTION, outcome="declined"), LEADER, [], Conflict),
        (replace(SANCTION, outcome="signed"), LEADER, [], Conflict),
        (replace(SANCTION, withdrawn_at=DAY), LEADER, [], Conflict),
    ],
)
def test_who_may_decide(
    sanction: Sanction, who: Operator, verified_by: list[str], wanted: type[Refused] | None
) -> None:
    """Once, nobody whom it concerns, and nobody who found what it follows from."""
    if wanted is None:
        may_decide(sanction, who, verified_by, provisional=False)
        return
    with pytest.raises(wanted):
        may_decide(sanction, who, verified_by, provisional=False)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_done_to_an_officer_waits_until_strikes_are_firm(rule: Rule) -> None:
    """Accountability and transfer; a report, an interview and an inspection do not wait."""
    sanction = replace(SANCTION, rule=rule)
    if rule not in ("accountability", "transfer"):
        may_decide(sanction, LEADER, [], provisional=True)
        return
    with pytest.raises(Conflict, match="sanction_provisional"):
        may_decide(sanction, LEADER, [], provisional=True)


def test_an_unfounded_complaint_clears_whom_it_named() -> None:
    """Only a complaint, only where unfounded, and not who was named by nobody."""
    books = Books()
    named = verdict(1, verdict="unsubstantiated", attribution="none", officers=())
    books.take(named)
    assert not books.under("clearing")
    books.take(named.model_copy(update={"revision": 2, "named": ("170001",)}))
    [demand] = books.under("clearing")
    assert (Subject("officer", "170001"), Scope("case", str(UUID(int=1)))) == (
        demand.subject, demand.cause.scope,
    )  # fmt: skip
    books.take(verdict(1, 3))
    assert not books.under("clearing")
