"""The bars and lines of a chart: every day has its place, and nothing leaves it."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.charts import (
    BASE,
    FLOOR,
    HEAD,
    LEFT,
    RIGHT,
    SIDE,
    TOP,
    WIDE,
    Close,
    Count,
    chart,
    course,
)

FIRST = date(2026, 11, 1)
FULL = FLOOR - TOP


def test_every_day_has_a_place_of_its_own() -> None:
    """Also one without any; none touches the next or leaves the chart."""
    for days in (28, 30, 31):
        bars = chart(FIRST, days, [Count(date(2026, 11, 3), 2, 1)]).bars
        assert days == len(bars)
        assert LEFT < bars[0].x
        assert bars[-1].x + bars[-1].width < RIGHT
        for one, after in pairwise(bars):
            assert one.x + one.width < after.x


def test_the_highest_bar_is_as_high_as_the_chart() -> None:
    """And its part is in proportion."""
    drawn = chart(FIRST, 30, [Count(date(2026, 11, 2), 8, 2), Count(date(2026, 11, 9), 4, 4)])
    assert 8 == drawn.most
    assert (FULL, FULL / 4) == (drawn.bars[1].height, drawn.bars[1].part)
    assert (FULL / 2, FULL / 2) == (drawn.bars[8].height, drawn.bars[8].part)


def test_one_complaint_does_not_fill_the_chart() -> None:
    """Of an empty month and of one with a single complaint nobody gets a wrong impression."""
    assert 3 == chart(FIRST, 30, []).most
    assert FULL / 3 == chart(FIRST, 30, [Count(FIRST, 1, 0)]).bars[0].height
    assert {0} == {one.height for one in chart(FIRST, 30, []).bars}


def test_a_balance_goes_in_steps() -> None:
    """From the left edge to the right: level between two changes, straight up or down at one."""
    first, last = date(2025, 11, 1), date(2026, 11, 26)
    closes = [Close(date(2026, 3, 2), -200, -200), Close(date(2026, 8, 14), 100, -100)]
    drawn = course(first, last, 0, closes)
    assert (f"M{SIDE} ", f"H{WIDE}") == (drawn.line[:4], drawn.line[-4:])
    assert 2 == drawn.line.count("V") == len(drawn.dots)
    assert [True, True] == [dot.said for dot in drawn.dots]
    assert drawn.dots[0].y > drawn.dots[1].y
    assert [n for n, _ in drawn.scale] == sorted({n for n, _ in drawn.scale})
    assert 13 == len(drawn.months)


def test_what_may_still_be_given_back_is_a_second_line() -> None:
    """From its day on, as if it were given back; without any there is no such line."""
    first, last = date(2026, 1, 1), date(2026, 1, 31)
    kept, open_ = date(2026, 1, 5), date(2026, 1, 20)
    drawn = course(first, last, 0, [Close(kept, -200, -200), Close(open_, -100, -300, -100)])
    dot = drawn.dots[1]
    assert f"M{dot.x} {drawn.dots[0].y}H{WIDE}" == drawn.firm
    assert "" == course(first, last, 0, [Close(kept, -200, -200)]).firm
    later = course(first, last, 0, [Close(kept, -200, -200, -200), Close(open_, -100, -300)])
    top, low = (next(y for value, y in later.scale if value == n) for n in (0, -100))
    assert f"M{later.dots[0].x} {top}H{later.dots[1].x}V{low}H{WIDE}" == later.firm


def test_a_balance_that_never_changed_is_a_level_line() -> None:
    """At its own height, with a scale that has more than one line."""
    drawn = course(date(2026, 1, 1), date(2026, 1, 31), 0, [])
    assert (f"M{SIDE} {float(HEAD)}H{WIDE}", [-50, 0]) == (drawn.line, [n for n, _ in drawn.scale])


@given(st.lists(st.integers(-10_000_000, 10_000_000), max_size=20), st.integers(-9_999_999, 0))
def test_no_balance_leaves_the_chart(balances: list[int], begin: int) -> None:
    """However large they are, each stands between the lowest and the highest line, of few."""
    days = [Close(date(2026, 1, 1 + n), 1, value) for n, value in enumerate(balances)]
    drawn = course(date(2026, 1, 1), date(2026, 1, 31), begin, days)
    assert all(HEAD <= dot.y <= BASE and SIDE <= dot.x <= WIDE for dot in drawn.dots)
    assert 2 <= len(drawn.scale) <= 5
    assert drawn.scale[0][0] <= min([begin, *balances])
    assert max([begin, *balances]) <= drawn.scale[-1][0]
