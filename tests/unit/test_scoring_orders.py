"""Only the highest revision of each case counts, whatever the order of arrival."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.rules import strikes, verdicts
from services.scoring.rules.values import Deduction
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


@settings(max_examples=150, deadline=None)
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
    assert wanted.marks == seen.marks
    assert +wanted.extras == +seen.extras
    assert wanted.criticised == seen.criticised
    assert {u: n for u, n in wanted.balances.items() if n} == {
        u: n for u, n in seen.balances.items() if n
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(any_verdict(), max_size=20).map(once_each))
def test_the_balance_is_what_is_demanded(events: list[CaseVerified]) -> None:
    """The sum of all entries equals the deductions and extras computed from nothing."""
    books = Books()
    for event in events:
        books.take(event)
    final = highest([e for e in events if books.revisions[e.case_id] == e.revision])
    demanded: Counter[Deduction] = Counter()
    for event in final:
        demanded.update(verdicts.deductions_of(event, POLICY))
    marks = frozenset().union(*map(verdicts.marks_of, final))
    demanded.update(strikes.extras_of(marks, POLICIES))
    total: Counter[str] = Counter()
    for deduction, times in demanded.items():
        total[deduction.unit_code] -= deduction.centipoints * times
    assert total == Counter({u: n for u, n in books.balances.items() if n})
