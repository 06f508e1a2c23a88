"""Where a new order goes: only what certainly failed lets another vendor have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.rules.routing import Offer, Past, StillAlive, rank

ONE, TWO, THREE = (Offer(name, 2000, name.upper()) for name in ("one", "two", "three"))
NAMES = st.sampled_from(["one", "two", "three"])


def failed(*vendors: str) -> list[Past]:
    """Orders that certainly failed."""
    return [Past(vendor, "rejected") for vendor in vendors]


def test_the_preferred_vendor_is_first() -> None:
    """As long as nothing has failed anywhere."""
    assert [ONE, TWO] == rank([ONE, TWO], [])


def test_a_certain_failure_lets_the_next_one_have_it() -> None:
    """In the order of preference, and round again when each has failed as often."""
    assert [TWO, THREE, ONE] == rank([ONE, TWO, THREE], failed("one"))
    assert [THREE, ONE, TWO] == rank([ONE, TWO, THREE], failed("one", "two"))
    assert [ONE, TWO, THREE] == rank([ONE, TWO, THREE], failed("one", "two", "three"))


def test_a_vendor_that_takes_none_is_passed_over() -> None:
    """A held one makes no offer; the only one that offers has it, whatever failed there."""
    assert [TWO] == rank([TWO], [])
    assert [ONE] == rank([ONE], failed("one", "one"))
    assert [] == rank([], failed("one"))


@pytest.mark.parametrize("outcome", [None, "paid", "reversed"])
def test_nothing_is_ordered_beside_what_may_live(outcome: str | None) -> None:
    """Not at the same vendor, and not at another."""
    for past in ([Past("one", outcome)], [*failed("two"), Past("gone", outcome)]):
        with pytest.raises(StillAlive):
            rank([ONE, TWO], past)


@given(st.lists(NAMES, max_size=9), st.permutations([ONE, TWO, THREE]), st.integers(0, 3))
def test_the_choice_is_fair(past: list[str], offers: list[Offer], most: int) -> None:
    """All that offer, by their failures, and in the order of preference where these are equal."""
    ranked = rank(offers[:most], failed(*past))
    wanted = [(past.count(offer.vendor), offers.index(offer)) for offer in ranked]
    assert (set(offers[:most]), sorted(wanted)) == (set(ranked), wanted)
