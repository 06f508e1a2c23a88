"""Where the bars of a chart stand; a template draws them. Plain numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

LEFT, RIGHT, TOP, FLOOR = 28, 540, 20, 110
_HEIGHT = FLOOR - TOP
# A day has at least so much room above it, or one complaint would fill the chart.
_LEAST = 3


class Count(NamedTuple):
    """A day with how many there were, and how many of them stand out."""

    day: date
    all: int
    part: int


@dataclass(frozen=True)
class Bar:
    """One day's bar: its place, its whole height, and the part that stands out."""

    count: Count
    x: float
    width: float
    height: float
    part: float


@dataclass(frozen=True)
class Chart:
    """A month of bars; `most` is what the highest line stands for."""

    bars: Sequence[Bar]
    most: int


def chart(first: date, days: int, counted: Iterable[Count]) -> Chart:
    """Every day of the time has its place, also one without any."""
    known = {one.day: one for one in counted}
    every = [first + timedelta(days=n) for n in range(days)]
    counts = [known.get(day, Count(day, 0, 0)) for day in every]
    most = max(_LEAST, *(one.all for one in counts))
    step = (RIGHT - LEFT) / days
    bars = [
        Bar(
            one, round(LEFT + n * step + step * 0.2, 1), round(step * 0.6, 1),
            round(_HEIGHT * one.all / most, 1), round(_HEIGHT * one.part / most, 1),
        )
        for n, one in enumerate(counts)
    ]  # fmt: skip
    return Chart(bars, most)
