"""Provisional strikes, alerts beyond the third, inspections of units; by which policy each is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.scoring.rules import unattributed
from services.scoring.rules.provisional import OPEN, appealable_since, firm_at
from services.scoring.rules.reach import reach_of, reach_of_period
from services.scoring.rules.sanctions import counted
from services.scoring.rules.values import Appeal, Fact
from shared.policy import Policies, promises
from tests.unit.scoring_books import DAY, POLICIES, POLICY, Books, verdict


def at(said: str) -> datetime:
    """A time at the bureau, the first moment of a day where none is given."""
    told = said if ":" in said else f"{said} 00:00"
    return datetime.fromisoformat(f"{told}+08:00")


@pytest.mark.parametrize(
    ("verified", "until", "why"),
    [
        ("2026-03-02 10:00", "2026-03-10 00:00", "Monday: to the end of the next Monday"),
        ("2026-03-02 00:00", "2026-03-10 00:00", "the first moment of a day belongs to it"),
        ("2026-03-02 23:59:59", "2026-03-10 00:00", "so does the last"),
        ("2026-03-06 23:50", "2026-03-14 00:00", "Friday: to the end of the next Friday"),
        ("2026-03-07 12:00", "2026-03-14 00:00", "Saturday is no working day and begins nothing"),
        ("2026-02-13 12:00", "2026-02-28 00:00", "Spring Festival, with a make-up day before it"),
        (
            "2026-09-30 09:00",
            "2026-10-14 00:00",
            "National Day, a make-up Saturday after it",
        ),
        ("2026-12-29 09:00", "2027-01-06 00:00", "over the year's end"),
        ("2028-02-28 09:00", "2028-03-07 00:00", "over a leap day"),
    ],
)
def test_a_strike_is_provisional_for_five_working_days(verified: str, until: str, why: str) -> None:
    """A strike is provisional for 5 working days, by the policy's calendar."""
    assert at(until) == promises.appealable_until(at(verified), POLICY), why


@pytest.mark.parametrize("now", ["2026-03-10 00:00", "2026-10-09 12:00", "2027-01-05 23:59"])
def test_what_may_still_be_appealed_against_is_no_older(now: str) -> None:
    """Of no verdict from before then; a day later it may, also after a long holiday."""
    since = appealable_since(POLICIES, at(now))
    before = [since - timedelta(hours=n) for n in range(24 * 20)]
    assert not any(at(now) < promises.appealable_until(one, POLICY) for one in before)
    assert at(now) < promises.appealable_until(since + timedelta(days=1), POLICY)


def test_a_verdict_reaches_its_quarter_and_the_months_after_it() -> None:
    """Of a complaint of November: that month, the next one, the quarter; and what counts there."""
    one = replace(facts("2026-11-20 10:00")[0], received_at=at("2026-11-20"))
    early = replace(one, received_at=at("2026-02-01"))
    reach = reach_of([one], POLICIES)
    assert {"2026-11", "2026-12", "2026-Q4"} == reach.periods
    assert at("2026-09-29") == reach.since
    assert at("2027-01-03") == reach.until
    both = reach_of([early, one], POLICIES)
    assert {f"2026-{month:02}" for month in range(2, 13)} | {"2026-Q1", "2026-Q4"} == both.periods
    assert at("2025-12-30") == both.since
    assert at("2025-12-30") == reach_of_period("2026-Q1", POLICIES).since
    interview = reach_of_period("2026-01", POLICIES)
    assert (at("2025-11-29"), at("2026-02-03")) == (interview.since, interview.until)


def test_an_extra_holiday_moves_the_end() -> None:
    """The calendar of working days and holidays is policy data."""
    days = POLICY.calendar
    moved = replace_in(calendar=days.model_copy(update={"holidays": {date(2026, 3, 4)}}))
    assert at("2026-03-11 00:00") == promises.appealable_until(at("2026-03-02 10:00"), moved)


def replace_in(**changes: Any) -> Any:
    """The policy with a part changed."""
    return POLICY.model_copy(update=changes)


def facts(*verified: str, incident: int | None = None) -> list[Fact]:
    """Facts whose verdicts took effect at these times."""
    return [
        replace(Fact.of(verdict(n, incident=incident)), verified_at=at(said))
        for n, said in enumerate(verified, 1)
    ]


def test_the_last_strike_to_become_firm_decides() -> None:
    """Of two incidents the later; of one incident's two marks the earlier makes it firm."""
    days = ("2026-03-02 10:00", "2026-03-04 10:00")
    assert at("2026-03-12 00:00") == firm_at(facts(*days), [], POLICIES)
    assert at("2026-03-10 00:00") == firm_at(facts(*days, incident=7), [], POLICIES)
    assert None is firm_at([], [], POLICIES)


@pytest.mark.parametrize(
    ("state", "revision", "badge", "case", "waits"),
    [
        ("filed", 1, "170001", 1, True),
        ("filed", 2, "170001", 1, True),
        ("upheld", 1, "170001", 1, False),
        ("overturned", 1, "170001", 1, False),
        ("overturned", 2, "170001", 1, True),
        ("filed", 1, "170002", 1, False),
        ("filed", 1, "170001", 2, False),
    ],
)
def test_a_strike_is_provisional_while_an_appeal_waits(
    state: Any, revision: int, badge: str, case: int, waits: bool
) -> None:
    """One that is overturned, until its new verdict is there: the fact is of revision 2."""
    one = replace(facts("2026-03-02 10:00")[0], revision=2)
    appeal = Appeal(UUID(int=case), badge, revision, state, at("2026-03-20"))
    assert (OPEN if waits else at("2026-03-10")) == firm_at([one], [appeal], POLICIES)


def alerts(books: Books) -> int:
    """How many alerts are in force."""
    return sum(books.under("alert").values())


def test_each_strike_beyond_the_third_tells_leadership() -> None:
    """Fourth and later: alert leadership; a verdict that falls takes the last one back."""
    books, seen = Books(), []
    for n in range(1, 7):
        books.take(verdict(n, received_at=DAY + timedelta(days=n)))
        seen.append(alerts(books))
    assert [0, 0, 0, 1, 2, 3] == seen
    books.take(verdict(2, 2, verdict="unsubstantiated", attribution="none", officers=()))
    assert 2 == alerts(books)
    books.take(verdict(2, 3, received_at=DAY + timedelta(days=2)))
    assert 3 == alerts(books)
    assert {0} == {demand.centipoints for demand in books.under("alert")}


def test_a_further_complaint_about_an_incident_tells_nobody_again() -> None:
    """Same incident = one strike."""
    books = Books()
    for n in range(1, 4):
        books.take(verdict(n, received_at=DAY + timedelta(days=n)))
    books.take(verdict(4, incident=1003, received_at=DAY + timedelta(days=4)))
    assert 0 == alerts(books)


def unit_cases(*days: str, **changes: Any) -> list[Any]:
    """Complaints found true for which only the unit answers."""
    told = {"attribution": "unit", "officers": ()} | changes
    return [verdict(n, received_at=at(day), **told) for n, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("days", "changes", "quarters", "why"),
    [
        (["2026-01-01", "2026-02-02"], {}, [], "two are not three"),
        (["2026-01-01", "2026-02-02", "2026-03-31 23:59"], {}, ["2026-Q1"], "to the last minute"),
        (["2026-01-01", "2026-02-02", "2026-04-01 00:00"], {}, [], "24:00 is the next quarter"),
        (["2026-03-01"] * 3 + ["2026-04-01"] * 3, {}, ["2026-Q1", "2026-Q2"], "each quarter once"),
        (["2026-10-01", "2026-12-31 23:59", "2027-01-01"], {}, [], "the year's end is a border"),
        (["2026-01-01"] * 7, {}, ["2026-Q1"], "seven propose no second"),
        (["2026-01-01"] * 3, {"incident": 7}, ["2026-Q1"], "cases are counted, not incidents"),
        (["2026-01-01"] * 3, {"attribution": "policy"}, [], "a rule's fault is nobody's"),
        (["2026-01-01"] * 3, {"verdict": "unsubstantiated"}, [], "nothing was found"),
        (["2026-01-01"] * 3, {"kind": "rating"}, [], "only complaints are assessed"),
    ],
)
def test_repeated_unattributed_cases_propose_an_inspection(
    days: Sequence[str], changes: dict[str, Any], quarters: list[str], why: str
) -> None:
    """Attribution `unit`: the unit pays points; three such cases in a quarter propose it."""
    books = Books()
    for event in unit_cases(*days, **changes):
        books.take(event)
    found = books.under("inspection")
    assert (quarters, set(found.values()) <= {1}) == (
        sorted(str(demand.period) for demand in found), True,
    ), why  # fmt: skip


def test_an_inspection_counts_the_unattributed_cases_of_its_quarter() -> None:
    """Not those of an officer, nor of another quarter; one that falls takes it back."""
    books = Books()
    events = unit_cases("2026-01-05", "2026-01-06", "2026-03-07", "2026-04-01")
    named = verdict(9, received_at=at("2026-02-02"))
    for event in [*events, named]:
        books.take(event)
    [demand] = books.under("inspection")
    told = [Fact.of(event) for event in [*events, named]]
    assert [UUID(int=n) for n in (1, 2, 3)] == list(counted(demand, told, POLICIES))
    books.take(events[1].model_copy(update={"revision": 2, "verdict": "unsubstantiated"}))
    assert not books.under("inspection")


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-01-01", "2026-Q1"), ("2026-03-31", "2026-Q1"), ("2026-04-01", "2026-Q2"),
        ("2026-09-30", "2026-Q3"), ("2026-12-31", "2026-Q4"), ("2028-02-29", "2028-Q1"),
    ],
)  # fmt: skip
def test_quarters_are_the_calendars(day: str, name: str) -> None:
    """By the day of receipt at the bureau."""
    fact = Fact.of(verdict(received_at=at(day)))
    assert name == unattributed.quarter(unattributed.first_of(fact, POLICIES))


def test_every_demand_names_the_policy_by_which_the_case_is_judged() -> None:
    """A case is judged by the policy in force when it was received, and what follows says which."""
    strict = replace_in(
        effective_from=date(2026, 5, 1),
        assessment=POLICY.assessment.model_copy(
            update={"officers_centipoints": dict.fromkeys(POLICY.category_keys, 900)}
        ),
    )
    both = Policies([POLICY, strict])
    books = Books(policies=both)
    books.take(verdict(1, received_at=at("2026-04-30 23:59:59")))
    books.take(verdict(2, received_at=at("2026-05-01 00:00")))
    told = {(demand.cause.rule, demand.edition) for demand in books.in_force if demand.centipoints}
    old, new = POLICY.effective_from, strict.effective_from
    assert {("substantiated", old), ("substantiated", new), ("accountability", new)} == told
    assert {None}.isdisjoint({demand.edition for demand in books.in_force})
    assert -(200 + 900 + strict.strikes.accountability_centipoints) == sum(books.balances.values())


def test_what_is_taken_back_names_the_policy_that_it_came_by() -> None:
    """The policy file may have changed meanwhile; the demand is the same, and so is its edition."""
    books = Books()
    books.take(verdict())
    changes = books.take(verdict(1, 2, verdict="unsubstantiated", attribution="none", officers=()))
    assert {(-1, POLICY.effective_from)} == {
        (change.delta, change.demand.edition) for change in changes if change.delta < 0
    }
