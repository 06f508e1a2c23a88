"""The one back-off function."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.backoff import FIRST, MOST, apart, backoff

durations = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta.max)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("times", "seconds"), [(0, 1), (1, 2), (2, 4), (9, 512), (10, 600), (11, 600), (-3, 1)]
)
def test_it_doubles_from_a_second_to_ten_minutes(times: int, seconds: int) -> None:
    """Without further words: 1 s, 2 s, 4 s … 10 min, and what never failed counts as 0."""
    assert backoff(times) == seconds * SECOND


def test_the_limits_can_be_chosen() -> None:
    """Thirty seconds, doubled up to thirty minutes, as the sign-in does."""
    first, most = 30 * SECOND, timedelta(minutes=30)
    assert [30, 60, 120, 960, 1800] == [
        backoff(n, first, most).total_seconds() for n in (0, 1, 2, 5, 6)
    ]


@given(times=st.integers(), first=durations, most=durations)
def test_any_integer_and_any_limits_give_a_pause(
    times: int, first: timedelta, most: timedelta
) -> None:
    """No count of failures overflows, and the pause lies between `first` and `most`."""
    assert min(first, most) <= backoff(times, first, most) <= most


@given(times=st.integers(min_value=-5, max_value=10**6), first=durations, most=durations)
def test_it_never_shrinks_and_at_most_doubles(
    times: int, first: timedelta, most: timedelta
) -> None:
    """Each pause is as long as the one before or longer, and at most twice as long."""
    now, then = backoff(times, first, most), backoff(times + 1, first, most)
    assert now <= then
    assert then - now <= now


def test_it_reaches_the_limit_exactly() -> None:
    """A limit that is a doubling of the first pause is reached, not passed."""
    assert 8 * SECOND == backoff(3, most=8 * SECOND)
    assert 8 * SECOND == backoff(4, most=8 * SECOND)
    assert MOST == backoff(10**100, FIRST, MOST)


@given(st.floats(min_value=0, max_value=1e6))
def test_many_do_not_come_back_as_one(seconds: float) -> None:
    """Never later than is said, never sooner than half of it, and not all at one moment."""
    pauses = [apart(seconds) for _ in range(20)]
    assert [] == [pause for pause in pauses if not seconds / 2 <= pause <= seconds]
    assert seconds < 1 or len(set(pauses)) > 1
