"""Vendors' shares: away from who is slow or failing, back when it is quiet; and who takes what."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.rules import shares as rules
from services.notifications.rules.messages import Next
from services.notifications.rules.shares import LEAST, QUIET, STEP, WHOLE, Record, Share, Tried
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)

MINUTE = timedelta(minutes=1)
ILL, WELL = Record(20, 5), Record(20, 1)
NAMES = ("a", "b", "c", "d")
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9), min_size=1)
RECORDS = st.dictionaries(
    st.sampled_from(NAMES),
    st.integers(0, 40).flatmap(lambda n: st.builds(Record, st.just(n), st.integers(0, n))),
)
TURNS = st.lists(st.tuples(RECORDS, st.sampled_from([timedelta(), MINUTE, QUIET])), max_size=30)


def two(a: int = 50) -> list[Share]:
    """Two vendors that rest alike."""
    return [Share("a", a, 50), Share("b", WHOLE - a, 50)]


def points(after: object) -> list[int]:
    """As they stand."""
    return [share.points for share in after]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("a", "records", "still", "expected"),
    [
        (50, {}, QUIET, [50, 50]),
        (50, {"a": ILL}, MINUTE, [40, 60]),
        (50, {"a": ILL, "b": WELL}, QUIET, [40, 60]),
        (50, {"a": ILL}, MINUTE / 2, [50, 50]),
        (50, {"a": Record(4, 4)}, MINUTE, [50, 50]),
        (50, {"a": ILL, "b": ILL}, MINUTE, [50, 50]),
        (12, {"a": ILL}, MINUTE, [5, 95]),
        (5, {"a": ILL}, MINUTE, [5, 95]),
        (20, {}, MINUTE, [20, 80]),
        (20, {"a": WELL}, QUIET, [30, 70]),
        (45, {}, QUIET, [50, 50]),
        (20, {"a": ILL}, QUIET, [10, 90]),
    ],
)
def test_shares_move_by_what_vendors_did(
    a: int, records: dict[str, Record], still: timedelta, expected: list[int]
) -> None:
    """Ten points away from one that is ill, once a minute; ten back when it was quiet an hour."""
    assert expected == points(rules.moved(two(a), records, still))


@given(WEIGHTS, TURNS)
def test_nothing_is_lost_and_nobody_is_shut_out(
    weights: dict[str, int], turns: list[tuple[dict[str, Record], timedelta]]
) -> None:
    """Whatever happens: a hundred points, steps of ten at most, the least is kept."""
    held = rules.at_rest(weights)
    least = min(LEAST, *points(held))
    for records, still in turns:
        after = rules.moved(held, records, still)
        assert WHOLE == sum(points(after))
        assert all(share.points >= least for share in after)
        steps = [abs(new - old) for new, old in zip(points(after), points(held), strict=True)]
        assert (max(steps) <= STEP, sum(map(bool, steps)) in (0, 2)) == (True, True)
        held = list(after)


@given(WEIGHTS, TURNS)
def test_what_moved_comes_back(
    weights: dict[str, int], turns: list[tuple[dict[str, Record], timedelta]]
) -> None:
    """In quiet times every share is where it rests after a while, and stays there."""
    rest = rules.at_rest(weights)
    held = rest
    for records, still in turns:
        held = list(rules.moved(held, records, still))
    for _ in range(WHOLE):
        held = list(rules.moved(held, {}, QUIET))
    assert rest == held


@given(WEIGHTS, st.sets(st.sampled_from(NAMES)))
def test_lots_fall_by_points(weights: dict[str, int], but: set[str]) -> None:
    """Over all lots each vendor gets as many as it has points, and none that refused gets one."""
    held = rules.at_rest(weights)
    takers = {share.vendor: share.points for share in held if share.vendor not in but}
    if not takers:
        assert rules.choose(held, but, 7) is None
        return
    drawn = [rules.choose(held, but, lot) for lot in range(sum(takers.values()))]
    assert takers == {name: drawn.count(name) for name in takers}


def test_who_rests_at_nought_takes_nothing_new() -> None:
    """It is there for its old ones, whatever it did lately."""
    held = [Share("a", WHOLE, WHOLE), Share("old", 0, 0)]
    assert {"a"} == {rules.choose(held, (), lot) for lot in range(300)}
    assert held == list(rules.moved(held, {"a": ILL, "old": WELL}, QUIET))


def test_a_lot_is_the_same_for_everybody() -> None:
    """Two instances draw the same for a message, and another for its next attempt."""
    own = UUID(int=7)
    assert rules.lot_of(own, 1) == rules.lot_of(own, 1)
    assert rules.lot_of(own, 1) != rules.lot_of(own, 2)
    assert 2 == len({rules.choose(two(), (), rules.lot_of(uuid4(), 1)) for _ in range(200)})


LATER = TryLater("x", MINUTE)
QUEUED = Next("queued", MINUTE, "x")


@pytest.mark.parametrize(
    ("outcome", "to", "tried", "state", "after"),
    [
        (LATER, QUEUED, Tried(), "queued", Tried(frozenset({"a"}))),
        (LATER, QUEUED, Tried(frozenset({"b"})), "queued", Tried()),
        (LATER, QUEUED, Tried(held=frozenset({"b"})), "queued", Tried(held=frozenset({"b"}))),
        (Held("x"), Next("held"), Tried(), "queued", Tried(held=frozenset({"a"}))),
        (Held("x"), Next("held"), Tried(frozenset({"b"})), "queued", Tried(held=frozenset({"a"}))),
        (Held("x"), Next("held"), Tried(held=frozenset({"b"})), "held",
         Tried(held=frozenset({"a", "b"}))),
    ],
)  # fmt: skip
def test_only_a_definite_refusal_goes_elsewhere(
    outcome: Outcome, to: Next, tried: Tried, state: str, after: Tried
) -> None:
    """To the other at once; once both refused, again later; held when both need a person."""
    found = rules.after_refusal(outcome, to, 1, "a", tried, {"a", "b"})
    assert found is not None
    assert (state, after) == (found[0].state, found[1])
    assert (found[0].wait == timedelta()) == (not tried.all)


@pytest.mark.parametrize(
    "outcome",
    [Accepted("1", "x"), Done("1", "x"), Unknown("x"), NotFound(), Rejected("x", retriable=False),
     Held("seal_broken"), Rejected("expired", retriable=False)],
)  # fmt: skip
def test_what_may_have_been_sent_stays_where_it_is(outcome: Outcome) -> None:
    """So does what no vendor would send, and what never left us."""
    assert rules.after_refusal(outcome, QUEUED, 1, "a", Tried(), {"a", "b"}) is None


def test_with_one_vendor_or_at_the_end_nothing_goes_elsewhere() -> None:
    """The rules of one message stand."""
    assert rules.after_refusal(LATER, QUEUED, 1, "a", Tried(), {"a"}) is None
    assert rules.after_refusal(LATER, Next("failed"), 1, "a", Tried(), {"a", "b"}) is None
