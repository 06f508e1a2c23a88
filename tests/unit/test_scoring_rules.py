"""What a verdict costs the unit and the officers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.scoring.rules import assessment, strikes
from services.scoring.rules.values import Cause, Demand, Fact, Mark, Scope, Subject
from shared import policy
from shared.events import Attribution, Verdict
from tests.unit.scoring_books import DAY, POLICIES, POLICY, Books, verdict

UNIT = Subject("unit", "411702001")
OFFICER = Scope("officer", "170001")


def sanction(rule: str, points: int, year: str | None = "2026") -> Demand:
    """What the unit pays for the officer's strikes."""
    return Demand(UNIT, Cause(rule, OFFICER), year, points)


def points(**changes: object) -> int:
    """What one verdict costs its unit."""
    return assessment.points_of(Fact.of(verdict(**changes)), POLICY)  # type: ignore[arg-type]


def test_the_largest_category_counts_once() -> None:
    """A case with several categories deducts the largest of them, not the sum."""
    assert 300 == points(categories=("other", "buck_passing", "cold_attitude"))


def test_partly_deducts_the_policys_part() -> None:
    """`partly` deducts half of what `substantiated` does."""
    assert 150 == points(verdict="partly", categories=("buck_passing",))


def test_an_unknown_officer_costs_only_the_unit() -> None:
    """Attribution `unit` uses the unit's table and marks nobody."""
    event = verdict(attribution="unit", officers=(), categories=("nobody_at_window",))
    assert 300 == assessment.points_of(Fact.of(event), POLICY)
    assert frozenset() == strikes.marks_of(Fact.of(event))


def test_a_case_without_a_known_category_costs_the_smallest() -> None:
    """Something was found, so it is not free."""
    assert 100 == points(categories=())


def test_one_verdict_demands_points_a_criticism_and_a_mark() -> None:
    """Each with its subject, its cause and its period."""
    case = Scope("case", str(UUID(int=1)))
    expected = {
        Demand(UNIT, Cause("criticism", case)),
        Demand(UNIT, Cause("substantiated", case), None, 200),
        Demand(Subject("officer", "170001"), Cause("strike", case, UUID(int=1001)), "2026"),
    }
    assert expected == {change.demand for change in Books().take(verdict())}


@pytest.mark.parametrize("attribution", ["policy", "none"])
def test_a_policy_cause_costs_nothing_but_is_criticised(attribution: Attribution) -> None:
    """Rule 14: no deduction and no strike; rule 7's circulated criticism stays."""
    changes = Books().take(verdict(attribution=attribution))
    assert ["criticism"] == [change.demand.cause.rule for change in changes]


@pytest.mark.parametrize("found", ["unsubstantiated", "helped", "unverifiable", "out_of_scope"])
def test_what_is_not_substantiated_changes_nothing(found: Verdict) -> None:
    """Only a substantiated complaint enters assessment."""
    assert [] == Books().take(verdict(verdict=found))


def test_only_complaints_are_assessed() -> None:
    """Rule 3: a request that was found justified costs nobody anything."""
    assert [] == Books().take(verdict(kind="request"))


def test_second_and_third_strike_deduct_further() -> None:
    """Rules 10 and 11: accountability at two, transfer at three, nothing more at four."""
    books = Books()
    for case in range(1, 5):
        books.take(verdict(case, received_at=DAY + timedelta(days=case)))
    expected = Counter([sanction("accountability", 200), sanction("transfer", 500)])
    assert expected == books.under("accountability", "transfer")
    assert -(4 * 200 + 200 + 500) == books.balances["411702001"]


def test_one_incident_is_one_strike() -> None:
    """Three complaints about the same thing deduct three times but are one strike."""
    books = Books()
    for case in range(1, 4):
        books.take(verdict(case, incident=7))
    assert Counter() == books.under("accountability", "transfer")
    assert 3 == books.under("strike").total()
    marks = frozenset().union(*map(strikes.marks_of, books.facts.values()))
    [strike] = strikes.strikes_of(marks, POLICIES)
    assert ((UUID(int=1), UUID(int=2), UUID(int=3)), 1) == (strike.case_ids, strike.number)


def test_a_mark_follows_its_case_to_another_incident() -> None:
    """Two cases that turn out to be one incident are one strike: the mark is set anew."""
    books = Books()
    books.take(verdict(1, incident=7))
    books.take(verdict(2, incident=8))
    assert 1 == books.under("accountability").total()
    changes = books.take(verdict(2, 2, incident=7))
    assert Counter() == books.under("accountability")
    moved = [(c.delta, c.demand.cause.incident_id) for c in changes
             if c.demand.cause.rule == "strike"]  # fmt: skip
    assert [(-1, UUID(int=8)), (1, UUID(int=7))] == moved


def test_the_year_is_the_calendar_year_of_receipt_at_the_bureau() -> None:
    """A minute apart around midnight of New Year in Shanghai is the first strike of each year."""
    books = Books()
    books.take(verdict(1, received_at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC)))
    books.take(verdict(2, received_at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)))
    assert Counter() == books.under("accountability")
    assert {"2026", "2027"} == {demand.period for demand in books.under("strike")}


def test_sanctions_of_two_years_are_two_demands() -> None:
    """Each year's second strike is sanctioned under its own period."""
    books = Books()
    for case, day in enumerate((DAY, DAY, DAY.replace(year=2027), DAY.replace(year=2027)), 1):
        books.take(verdict(case, received_at=day))
    expected = [sanction("accountability", 200, year) for year in ("2026", "2027")]
    assert Counter(expected) == books.under("accountability")


def test_a_rolling_window_counts_365_days() -> None:
    """With the other window of the policy, the same two are the second strike."""
    window = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    rolling = policy.Policies([POLICY.model_copy(update={"strikes": window})])
    facts = [Fact.of(verdict(n, received_at=DAY + timedelta(days=300 * n))) for n in range(3)]
    demands = Counter(strikes.sanctions(OFFICER, facts, rolling))
    assert Counter({sanction("accountability", 200, None): 2}) == demands


def test_a_withdrawn_strike_gives_the_extra_back() -> None:
    """When the first of two strikes falls, the accountability deduction falls with it."""
    books = Books()
    books.take(verdict(1))
    books.take(verdict(2, unit_code="411702002", received_at=DAY + timedelta(days=1)))
    assert -400 == books.balances["411702002"]
    books.take(verdict(1, 2, verdict="unsubstantiated", attribution="none", officers=()))
    assert -200 == books.balances["411702002"]
    assert 0 == books.balances["411702001"]
    assert {UUID(int=2)} == books.criticised


def test_the_same_verdict_again_writes_nothing() -> None:
    """A new revision that demands the same leaves the ledgers alone."""
    books = Books()
    books.take(verdict(1))
    assert [] == books.take(verdict(1, 2))


def test_an_entry_lists_the_cases_that_it_counts() -> None:
    """The accountability entry names both cases."""
    books = Books()
    books.take(verdict(1))
    changes = books.take(verdict(2, received_at=DAY + timedelta(days=1)))
    expected = [(UUID(int=2),), (UUID(int=1), UUID(int=2))]
    assert expected == [change.case_ids for change in changes if change.demand.centipoints]


def test_strikes_are_numbered_in_the_order_of_receipt() -> None:
    """Also when the later one was marked first."""
    marks = [Mark("170001", UUID(int=n), UUID(int=n), "1", DAY - timedelta(days=n)) for n in (1, 2)]
    numbered = strikes.strikes_of(marks, POLICIES)
    assert [(UUID(int=2), 1), (UUID(int=1), 2)] == [(s.first.case_id, s.number) for s in numbered]
