"""What a verdict costs, and that only the highest revision of each case counts."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import rules
from services.scoring.rules import Before, Deduction, Mark
from shared import policy
from shared.events import Attribution, CaseVerified, Verdict

POLICIES = policy.load(Path("deploy/policy.toml"))
POLICY = POLICIES.editions[0]
DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NOTHING = Before(Counter(), frozenset(), frozenset(), Counter(), criticised=False)


def verdict(
    case: int = 1,
    revision: int = 1,
    *,
    kind: str = "complaint",
    verdict: Verdict = "substantiated",
    attribution: Attribution = "officers",
    officers: tuple[str, ...] = ("170001",),
    incident: int | None = None,
    unit_code: str = "411702001",
    categories: tuple[str, ...] = ("cold_attitude",),
    received_at: datetime = DAY,
) -> CaseVerified:
    """A verdict, substantiated against one officer unless told otherwise."""
    return CaseVerified.model_validate(
        {
            "case_id": UUID(int=case),
            "submission_id": UUID(int=case),
            "incident_id": UUID(int=incident or 1000 + case),
            "revision": revision,
            "kind": kind,
            "unit_code": unit_code,
            "categories": categories,
            "verdict": verdict,
            "attribution": attribution,
            "officers": officers,
            "answer_sealed": None,
            "phone_sealed": None,
            "phone_index": None,
            "language": "zh",
            "received_at": received_at,
            "verified_at": received_at + timedelta(hours=5),
        }
    )


class Books:
    """The three ledgers as a fold of plans, to ask the rules again and again."""

    def __init__(self) -> None:
        self.revisions: dict[UUID, int] = {}
        self.deductions: dict[UUID, Counter[Deduction]] = defaultdict(Counter)
        self.extras: Counter[Deduction] = Counter()
        self.marks: set[Mark] = set()
        self.balances: Counter[str] = Counter()
        self.criticised: set[UUID] = set()

    def take(self, event: CaseVerified) -> None:
        """Handle one verdict as the service does."""
        if event.revision <= self.revisions.get(event.case_id, 0):
            return
        self.revisions[event.case_id] = event.revision
        plan = rules.decide(event, self.before(event), POLICIES)
        self.marks = (self.marks - plan.marks_withdrawn) | plan.marks_added
        for entry in plan.entries:
            book = self.extras if entry.deduction.badge else self.deductions[event.case_id]
            book[entry.deduction] += -1 if entry.compensates else 1
            self.balances[entry.deduction.unit_code] += entry.delta_centipoints
        if plan.criticism:
            self.criticised ^= {event.case_id}

    def before(self, event: CaseVerified) -> Before:
        """What is in force for one verdict."""
        own = frozenset(m for m in self.marks if m.case_id == event.case_id)
        badges = {*event.officers, *(m.badge for m in own)}
        return Before(
            +self.deductions[event.case_id],
            own,
            frozenset(m for m in self.marks if m.badge in badges),
            Counter({d: n for d, n in self.extras.items() if d.badge in badges and n > 0}),
            event.case_id in self.criticised,
        )


def test_the_largest_category_counts_once() -> None:
    """A case with several categories deducts the largest of them, not the sum."""
    event = verdict(categories=("other", "buck_passing", "cold_attitude"))
    expected = [Deduction("411702001", "substantiated", 300)]
    assert expected == rules.deductions_of(event, POLICY)


def test_partly_deducts_the_policys_part() -> None:
    """`partly` deducts half of what `substantiated` does."""
    event = verdict(verdict="partly", categories=("buck_passing",))
    assert [Deduction("411702001", "partly", 150)] == rules.deductions_of(event, POLICY)


def test_an_unknown_officer_costs_only_the_unit() -> None:
    """Attribution `unit` uses the unit's table and marks nobody."""
    event = verdict(attribution="unit", officers=(), categories=("nobody_at_window",))
    assert [Deduction("411702001", "substantiated", 300)] == rules.deductions_of(event, POLICY)
    assert frozenset() == rules.marks_of(event)


def test_a_case_without_a_known_category_costs_the_smallest() -> None:
    """Something was found, so it is not free."""
    event = verdict(categories=())
    assert [Deduction("411702001", "substantiated", 100)] == rules.deductions_of(event, POLICY)


@pytest.mark.parametrize("attribution", ["policy", "none"])
def test_a_policy_cause_costs_nothing_but_is_criticised(attribution: Attribution) -> None:
    """Rule 14: no deduction and no strike; rule 7's circulated criticism stays."""
    plan = rules.decide(verdict(attribution=attribution), NOTHING, POLICIES)
    assert () == plan.entries
    assert frozenset() == plan.marks_added
    assert "issue" == plan.criticism


@pytest.mark.parametrize("found", ["unsubstantiated", "helped", "unverifiable", "out_of_scope"])
def test_what_is_not_substantiated_changes_nothing(found: Verdict) -> None:
    """Only a substantiated complaint enters assessment."""
    plan = rules.decide(verdict(verdict=found), NOTHING, POLICIES)
    assert ((), frozenset(), None) == (plan.entries, plan.marks_added, plan.criticism)


def test_only_complaints_are_assessed() -> None:
    """Rule 3: a request that was found justified costs nobody anything."""
    plan = rules.decide(verdict(kind="request"), NOTHING, POLICIES)
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
    [strike] = rules.strikes_of(books.marks, POLICIES)
    assert ((UUID(int=1), UUID(int=2), UUID(int=3)), 1) == (strike.case_ids, strike.number)


def test_the_year_is_the_calendar_year_of_receipt_at_the_bureau() -> None:
    """A minute apart around midnight of New Year in Shanghai is the first strike of each year."""
    books = Books()
    books.take(verdict(1, received_at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC)))
    books.take(verdict(2, received_at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)))
    assert Counter() == +books.extras


def test_a_rolling_window_counts_365_days() -> None:
    """With the other window of the policy, the same two are the second strike."""
    strikes = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    rolling = policy.Policies([POLICY.model_copy(update={"strikes": strikes})])
    marks = [
        Mark("170001", UUID(int=n), UUID(int=n), "411702001", DAY + timedelta(days=300 * n))
        for n in range(3)
    ]
    expected = {Deduction("411702001", "accountability", 200, "170001"): 2}
    assert expected == rules.extras_of(marks, rolling)


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
    plan = rules.decide(verdict(1, 2), books.before(verdict(1, 2)), POLICIES)
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
    plan = rules.decide(second, books.before(second), POLICIES)
    expected = [(UUID(int=2),), (UUID(int=1), UUID(int=2))]
    assert expected == [entry.case_ids for entry in plan.entries]


BADGES = ["170001", "170002", "170003"]
CASES = 6


@st.composite
def verdicts(draw: st.DrawFn) -> CaseVerified:
    """Any revision of one of a few cases; receipt, unit and kind belong to the case."""
    case = draw(st.integers(1, CASES))
    return verdict(
        case,
        draw(st.integers(1, 4)),
        verdict=draw(st.sampled_from(["substantiated", "partly", "unsubstantiated"])),
        attribution=draw(st.sampled_from(["officers", "unit", "policy", "none"])),
        officers=tuple(draw(st.sets(st.sampled_from(BADGES)))),
        incident=draw(st.integers(1, 4)),
        unit_code=f"41170200{case % 2 + 1}",
        categories=tuple(draw(st.sets(st.sampled_from(sorted(POLICY.category_keys))))),
        received_at=DAY + timedelta(days=case * 90),
    )


def once_each(events: list[CaseVerified]) -> list[CaseVerified]:
    """One content for each revision of a case, as verification guarantees."""
    return list({(e.case_id, e.revision): e for e in events}.values())


def highest(events: list[CaseVerified]) -> list[CaseVerified]:
    """The last revision of each case."""
    ordered = sorted(events, key=lambda e: e.revision)
    return list({e.case_id: e for e in ordered}.values())


@settings(max_examples=150, deadline=None)
@given(st.lists(verdicts(), max_size=20).map(once_each), st.randoms(use_true_random=False))
def test_only_the_highest_revisions_count(events: list[CaseVerified], random: object) -> None:
    """Whatever the order of arrival, with repeats: the ledgers equal the final verdicts' demand."""
    arrivals = events + events
    random.shuffle(arrivals)  # type: ignore[attr-defined]
    seen, wanted = Books(), Books()
    for event in arrivals:
        seen.take(event)
    for event in highest(events):
        wanted.take(event)
    assert wanted.marks == seen.marks
    assert +wanted.extras == +seen.extras
    assert wanted.criticised == seen.criticised
    assert {u: n for u, n in wanted.balances.items() if n} == {
        u: n for u, n in seen.balances.items() if n
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(verdicts(), max_size=20).map(once_each))
def test_the_balance_is_what_is_demanded(events: list[CaseVerified]) -> None:
    """The sum of all entries equals the deductions and extras computed from nothing."""
    books = Books()
    for event in events:
        books.take(event)
    final = highest([e for e in events if books.revisions[e.case_id] == e.revision])
    demanded: Counter[Deduction] = Counter()
    for event in final:
        demanded.update(rules.deductions_of(event, POLICY))
    marks = frozenset().union(*map(rules.marks_of, final))
    demanded.update(rules.extras_of(marks, POLICIES))
    total: Counter[str] = Counter()
    for deduction, times in demanded.items():
        total[deduction.unit_code] -= deduction.centipoints * times
    assert total == Counter({u: n for u, n in books.balances.items() if n})
