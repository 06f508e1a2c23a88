"""Only the highest revision of each case counts, whatever the order of arrival."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.rules import plan
from shared.events import CaseVerified
from tests.unit.scoring_books import DAY, POLICIES, POLICY, Books, verdict

BADGES = ["170001", "170002", "170003"]
CASES = 6


@st.composite
def any_verdict(draw: st.DrawFn) -> CaseVerified:
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


@given(st.lists(any_verdict(), max_size=20).map(once_each), st.randoms(use_true_random=False))
def test_only_the_highest_revisions_count(events: list[CaseVerified], random: object) -> None:
    """Whatever the order of arrival, with repeats: the ledgers equal the final verdicts' demand."""
    arrivals = events + events
    random.shuffle(arrivals)  # type: ignore[attr-defined]
    seen, wanted = Books(), Books()
    for event in arrivals:
        seen.take(event)
    for event in highest(events):
        wanted.take(event)
    assert +wanted.in_force == +seen.in_force
    assert {u: n for u, n in wanted.balances.items() if n} == {
        u: n for u, n in seen.balances.items() if n
    }


@given(st.lists(any_verdict(), max_size=20).map(once_each))
def test_what_is_in_force_is_what_is_demanded(events: list[CaseVerified]) -> None:
    """The journal, and the sum of all entries, equal the demands computed from nothing."""
    books = Books()
    for event in events:
        books.take(event)
    facts = list(books.facts.values())
    changes = plan.decide(plan.scopes_of(facts), facts, Counter(), POLICIES)
    assert Counter(change.demand for change in changes) == +books.in_force
    total: Counter[str] = Counter()
    for change in changes:
        total[change.demand.subject.id] += change.delta_centipoints
    assert {u: n for u, n in total.items() if n} == {u: n for u, n in books.balances.items() if n}


@given(st.lists(any_verdict(), max_size=20).map(once_each))
def test_nothing_is_taken_back_that_was_not_in_force(events: list[CaseVerified]) -> None:
    """After every verdict nothing is in force less than never, and no balance is a gift."""
    books = Books()
    for event in events:
        books.take(event)
        assert all(times >= 0 for times in books.in_force.values())
        assert all(balance <= 0 for balance in books.balances.values())
