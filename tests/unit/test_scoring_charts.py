"""The bars of a chart: every day has its place, and the highest fills it."""

from datetime import date
from itertools import pairwise

from services.scoring.charts import FLOOR, LEFT, RIGHT, TOP, Count, chart

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
