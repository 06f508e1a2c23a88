"""Where a chart's lines run, what stands beside them, and how numbers are told."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.console.charts import FLOOR, LEFT, MOST, RIGHT, TOP, chart, told
from shared.console.prometheus import Line, Window
from shared.observe.boards import Unit

ZONE = ZoneInfo("Asia/Shanghai")
END = datetime(2026, 11, 27, 12, 34, tzinfo=UTC)
HOURS = (1, 6, 24, 168, 672)


def window(hours: int = 6) -> Window:
    """So many hours until then."""
    return Window(END, timedelta(hours=hours), "rewards")


def line(*values: float, label: str = "x", first: int = 0, hours: int = 6) -> Line:
    """One value a step, from a step on."""
    own = window(hours)
    start, step = own.start.timestamp(), own.step.total_seconds()
    return Line(label, [(start + (first + n) * step, value) for n, value in enumerate(values)])


@given(
    st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20), st.sampled_from(HOURS),
)  # fmt: skip
def test_everything_is_inside(values: list[float], hours: int) -> None:
    """Whatever the values are, line, scale and times lie in the frame, and the scale is short."""
    drawn = chart([line(*values, hours=hours)], window(hours), "short", ZONE)
    points = re.findall(r"[ML](\S+) ([^MLh]+)", drawn.lines[0].path)
    assert len(values) == len(points)
    assert all(LEFT <= float(x) <= RIGHT and TOP <= float(y) <= FLOOR for x, y in points)
    assert all(TOP <= y <= FLOOR for _, y in drawn.scale)
    assert 2 <= len(drawn.scale) <= 5
    assert 2 <= len(drawn.times) <= 5
    assert all(LEFT <= x <= RIGHT for _, x in drawn.times)


def test_a_pause_is_drawn_as_one() -> None:
    """Where nobody measured, no line says that all was even."""
    parts = [*line(1, 2).points, *line(3, 4, first=30).points]
    assert 2 == chart([Line("x", parts)], window(), "short", ZONE).lines[0].path.count("M")


def test_the_largest_are_shown() -> None:
    """By what they are now; how many are left out is told."""
    drawn = chart([line(n, label=str(n)) for n in range(20)], window(), "short", ZONE)
    assert [str(n) for n in range(19, 19 - MOST, -1)] == [one.label for one in drawn.lines]
    assert 20 - MOST == drawn.more


@pytest.mark.parametrize(
    ("hours", "first"), [(1, "19:45"), (6, "16:00"), (24, "00:00"), (168, "11-22"), (672, "11-06")]
)
def test_times_are_the_bureaus(hours: int, first: str) -> None:
    """Full quarters, hours and days as its clock tells them."""
    assert first in [at for at, _ in chart([line(1)], window(hours), "short", ZONE).times]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, "s", "0"), (0.0123, "s", "12.3 ms"), (1.5, "s", "1.5 s"), (90, "s", "1.5 min"),
        (7200, "s", "2 h"), (200_000, "s", "2.31 d"), (-3, "s", "-3 s"),
        (0.999, "percentunit", "99.9 %"), (-0.5, "percentunit", "-50 %"),
        (123_456_789, "bytes", "123 MB"), (12, "bytes", "0.012 kB"),
        (5, "short", "5"), (1234.5, "short", "1,234"), (0.00012, "short", "0.00012"),
    ],
)  # fmt: skip
def test_numbers_are_told_in_their_size(value: float, unit: Unit, words: str) -> None:
    """Three digits that count, and a unit that people say."""
    assert words == told(value, unit)
