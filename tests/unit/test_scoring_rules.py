"""What a verdict costs the unit and the officers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.scoring.rules import strikes, verdicts
from services.scoring.rules.values import Deduction, Mark
from shared import policy
from shared.events import Attribution, Verdict
from tests.unit.scoring_books import DAY, NOTHING, POLICIES, POLICY, Books, verdict


def test_the_largest_category_counts_once() -> None:
    """A case with several categories deducts the largest of them, not the sum."""
    event = verdict(categories=("other", "buck_passing", "cold_attitude"))
    expected = [Deduction("411702001", "substantiated", 300)]
    assert expected == verdicts.deductions_of(event, POLICY)


def test_partly_deducts_the_policys_part() -> None:
    """`partly` deducts half of what `substantiated` does."""
    event = verdict(verdict="partly", categories=("buck_passing",))
    assert [Deduction("411702001", "partly", 150)] == verdicts.deductions_of(event, POLICY)


def test_an_unknown_officer_costs_only_the_unit() -> None:
    """Attribution `unit` uses the unit's table and marks nobody."""
    event = verdict(attribution="unit", officers=(), categories=("nobody_at_window",))
    assert [Deduction("411702001", "substantiated", 300)] == verdicts.deductions_of(event, POLICY)
    assert frozenset() == verdicts.marks_of(event)


def test_a_case_without_a_known_category_costs_the_smallest() -> None:
    """Something was found, so it is not free."""
    event = verdict(categories=())
    assert [Deduction("411702001", "substantiated", 100)] == verdicts.deductions_of(event, POLICY)


@pytest.mark.parametrize("attribution", ["policy", "none"])
def test_a_policy_cause_costs_nothing_but_is_criticised(attribution: Attribution) -> None:
    """Rule 14: no deduction and no strike; rule 7's circulated criticism stays."""
    plan = verdicts.decide(verdict(attribution=attribution), NOTHING, POLICIES)
    assert () == plan.entries
    assert frozenset() == plan.marks_added
    assert "issue" == plan.criticism


@pytest.mark.parametrize("found", ["unsubstantiated", "helped", "unverifiable", "out_of_scope"])
def test_what_is_not_substantiated_changes_nothing(found: Verdict) -> None:
    """Only a substantiated complaint enters assessment."""
    plan = verdicts.decide(verdict(verdict=found), NOTHING, POLICIES)
    assert ((), frozenset(), None) == (plan.entries, plan.marks_added, plan.criticism)


def test_only_complaints_are_assessed() -> None:
    """Rule 3: a request that was found justified costs nobody anything."""
    plan = verdicts.decide(verdict(kind="request"), NOTHING, POLICIES)
    assert ((), frozenset(), None) == (plan.entries, plan.marks_added, plan.criticism)


def test_second_and_third_strike_deduct_further() -> None:
    """Rules 10 and 11: accountability at two, transfer at three, nothing more at four."""
    books = Books()
    for case in range(1, 5):
        books.take(verdict(case, received_at=DAY + timedelta(days=case)))
    expected = {
        Deduction("411702001", "accountability", 200, "170001"): 1,
        Deduction("411702001", "transfer", 500, "170001"): 1,
    }
    assert expected == +books.extras
    assert -(4 * 200 + 200 + 500) == books.balances["411702001"]


def test_one_incident_is_one_strike() -> None:
    """Three complaints about the same thing deduct three times but are one strike."""
    books = Books()
    for case in range(1, 4):
        books.take(verdict(case, incident=7))
    assert Counter() == +books.extras
    assert 3 == len(books.marks)
    [strike] = strikes.strikes_of(books.marks, POLICIES)
    assert ((UUID(int=1), UUID(int=2), UUID(int=3)), 1) == (strike.case_ids, strike.number)


def test_the_year_is_the_calendar_year_of_receipt_at_the_bureau() -> None:
    """A minute apart around midnight of New Year in Shanghai is the first strike of each year."""
    books = Books()
    books.take(verdict(1, received_at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC)))
    books.take(verdict(2, received_at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)))
    assert Counter() == +books.extras


def test_a_rolling_window_counts_365_days() -> None:
    """With the other window of the policy, the same two are the second strike."""
    window = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    rolling = policy.Policies([POLICY.model_copy(update={"strikes": window})])
    marks = [
        Mark("170001", UUID(int=n), UUID(int=n), "411702001", DAY + timedelta(days=300 * n))
        for n in range(3)
    ]
    expected = {Deduction("411702001", "accountability", 200, "170001"): 2}
    assert expected == strikes.extras_of(marks, rolling)


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
    plan = verdicts.decide(verdict(1, 2), books.before(verdict(1, 2)), POLICIES)
    assert ((), frozenset(), frozenset(), None) == (
        plan.entries,
        plan.marks_added,
        plan.marks_withdrawn,
        plan.criticism,
    )


def test_an_entry_lists_the_cases_that_it_counts() -> None:
    """The accountability entry names both cases."""
    books = Books()
    books.take(verdict(1))
    second = verdict(2, received_at=DAY + timedelta(days=1))
    plan = verdicts.decide(second, books.before(second), POLICIES)
    expected = [(UUID(int=2),), (UUID(int=1), UUID(int=2))]
    assert expected == [entry.case_ids for entry in plan.entries]
