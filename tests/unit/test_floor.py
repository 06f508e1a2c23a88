"""Where the relay looks: above what it had, and from the beginning as often as that is cheap."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.floor import BEGINNING, SHARE, Floor


class Clock:
    """Time that moves when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The floor's clock."""
    return Clock(monkeypatch)


def test_the_first_look_is_from_the_beginning(clock: Clock) -> None:
    """A relay that has just connected knows nothing."""
    assert BEGINNING == Floor().begin()


def test_a_dear_sweep_is_followed_by_looks_from_above(clock: Clock) -> None:
    """After 0.4 s over dead rows it looks above them for 3.6 s, then from the beginning."""
    one = Floor()
    one.looked(one.begin(), 500, 0.4)
    assert 501 == one.begin()
    clock.now += SHARE * 0.4 - 0.01
    assert 501 == one.begin()
    clock.now += 0.02
    assert BEGINNING == one.begin()


def test_nothing_found_keeps_the_floor(clock: Clock) -> None:
    """An empty look says nothing about what will come."""
    one = Floor()
    one.looked(BEGINNING, 500, 1)
    one.looked(501, None, 1)
    assert 501 == one.begin()


def test_a_late_row_below_does_not_lower_the_floor(clock: Clock) -> None:
    """What a sweep finds below is leased by it; looks go on from above."""
    one = Floor()
    one.looked(BEGINNING, 500, 1)
    one.looked(BEGINNING, 20, 1)
    assert 501 == one.begin()


def test_it_sleeps_no_longer_than_to_the_sweep_that_it_owes(clock: Clock) -> None:
    """After a look from above something may lie below; after a sweep nothing does."""
    one = Floor()
    one.looked(BEGINNING, 500, 0.1)
    assert 5 == one.at_most(5)
    one.looked(501, None, 0.001)
    assert pytest.approx(0.9) == one.at_most(5)
    clock.now += 60
    assert 0 == one.at_most(5)
    one.looked(one.begin(), None, 0.1)
    assert 5 == one.at_most(5)


@settings(derandomize=True, max_examples=50)
@given(st.lists(st.floats(0.001, 1.0), min_size=20, max_size=60))
def test_sweeps_never_take_more_than_a_tenth_of_the_time(costs: list[float]) -> None:
    """Whatever a look from the beginning costs, nine times as long is left to others."""
    with pytest.MonkeyPatch.context() as patch:
        clock, one = Clock(patch), Floor()
        began, swept, last = clock.now, 0.0, 0.0
        for cost in costs:
            begun_at = one.begin()
            clock.now += cost if begun_at == BEGINNING else 0.01
            if begun_at == BEGINNING:
                swept, last = swept + cost, cost
            one.looked(begun_at, 500, cost)
        assert swept - last <= (clock.now - began) / (SHARE + 1) + 1e-9
