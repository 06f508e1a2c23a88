"""How long an open page rests: by how long it looked, and by how many listen."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules.resting import AT_MOST, rests

MANY = 100


def test_a_single_page_hears_at_once_and_many_take_a_quarter() -> None:
    """Four times as long as all of them look, each rests."""
    assert 0.04 == pytest.approx(rests(0.01, 1))
    assert 0.4 == pytest.approx(rests(0.01, 10))


@given(st.floats(0.0001, 10), st.integers(1, 1000))
def test_the_rest_grows_with_every_listener_up_to_its_end(looked: float, listeners: int) -> None:
    """One more page that listens never shortens it, and lengthens it until the end is reached."""
    before, after = rests(looked, listeners), rests(looked, listeners + 1)
    assert before < after or before == after == AT_MOST


def test_no_page_rests_longer_than_two_seconds() -> None:
    """Whoever waits for an urgent case hears of it, however crowded it is."""
    found = [rests(0.01, n) for n in range(1, MANY)]
    assert AT_MOST == max(found)
    assert all(one <= another for one, another in pairwise(found))
