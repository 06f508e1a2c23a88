"""Where the bars and lines of a chart stand; a template draws them. Plain numbers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
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


WIDE, SIDE, HEAD, BASE = 900, 56, 16, 116
_LINES = 4
# More of them would stand upon one another.
_SAID = 8


class Close(NamedTuple):
    """A day on which a balance changed: by how much, and what it was in the evening.

    `open` is what of it may still be given back.
    """

    day: date
    change: int
    balance: int
    open: int = 0


@dataclass(frozen=True)
class Dot:
    """A change, where it stands; what is not `said` is only drawn."""

    close: Close
    x: float
    y: float
    said: bool


@dataclass(frozen=True)
class Course:
    """A balance over time as steps: the line, its dots, the scale beside it, the months below.

    `firm` is a second line from where something may still be given back: as if it were.
    """

    line: str
    firm: str
    dots: Sequence[Dot]
    scale: Sequence[tuple[int, float]]
    months: Sequence[tuple[date, float]]


def course(first: date, last: date, begin: int, closes: Sequence[Close]) -> Course:
    """From one day to another; `begin` is the balance before the first change."""
    firm = list(_firm(closes))
    low, high, step = _range([begin, *(one.balance for one in closes), *(b for _, b in firm)])
    days = (last - first).days + 1

    def across(day: date) -> float:
        return round(SIDE + (WIDE - SIDE) * (day - first).days / days, 1)

    def up(balance: int) -> float:
        return round(BASE - (BASE - HEAD) * (balance - low) / (high - low), 1)

    steps = "".join(f"H{across(one.day)}V{up(one.balance)}" for one in closes)
    said = len(closes) <= _SAID
    return Course(
        f"M{SIDE} {up(begin)}{steps}H{WIDE}",
        _beside(firm, across, up),
        [Dot(one, across(one.day), up(one.balance), said) for one in closes],
        [(value, up(value)) for value in range(low, high + 1, step)],
        [(month, across(month)) for month in _firsts(first, last)],
    )


def _firm(closes: Sequence[Close]) -> Iterator[tuple[date, int]]:
    """The balance of each evening without what may still be given back, from the first such."""
    given = 0
    for one in closes:
        given -= one.open
        if given:
            yield one.day, one.balance + given


def _beside(
    firm: Sequence[tuple[date, int]], across: Callable[[date], float], up: Callable[[int], float]
) -> str:
    if not firm:
        return ""
    (first, balance), *later = firm
    steps = "".join(f"H{across(day)}V{up(then)}" for day, then in later)
    return f"M{across(first)} {up(balance)}{steps}H{WIDE}"


def _range(balances: Sequence[int]) -> tuple[int, int, int]:
    """The lowest and highest line that hold them all, and what lies between two lines."""
    least, most = min(balances), max(balances)
    lines = ((least // step * step, -(-most // step) * step, step) for step in _steps())
    low, high, step = next(one for one in lines if one[1] - one[0] < _LINES * one[2])
    return (low - step if low == high else low), high, step


def _steps() -> Iterator[int]:
    """Half a point, one, two, five, ten and so on, in centipoints."""
    for power in count():
        yield from (lead * 10**power for lead in (50, 100, 200))


def _firsts(first: date, last: date) -> Iterator[date]:
    """The first days of the months between two days."""
    month = first if first.day == 1 else _next(first)
    while month <= last:
        yield month
        month = _next(month)


def _next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
