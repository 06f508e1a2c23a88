"""Pure: where the lines of a chart run, and what is written beside them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from shared.console.prometheus import Line, Window
from shared.observe.boards import Unit
from shared.values import clock

LEFT, RIGHT, TOP, FLOOR = 64, 350, 12, 116
# More lines than this nobody tells apart; more on the scale nobody reads.
MOST, _SCALE = 8, 4
# A pause this many steps long is drawn as one.
_PAUSE = 2.5
_TIMES = (
    timedelta(minutes=15), timedelta(hours=2), timedelta(hours=6), timedelta(days=2),
    timedelta(days=7),
)  # fmt: skip
_DAY = timedelta(days=1)
_SECONDS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True)
class Drawn:
    """A line as SVG's path, and three of its values in words."""

    label: str
    path: str
    now: str
    least: str
    most: str


@dataclass(frozen=True)
class Chart:
    """The largest lines, a scale and the times below; `more` are left out."""

    lines: Sequence[Drawn]
    scale: Sequence[tuple[str, float]]
    times: Sequence[tuple[str, float]]
    more: int


def drawn(lines: Sequence[Line], window: Window, unit: Unit) -> Chart | None:
    """As it is told at home; None of nothing. A line has at least one point."""
    return chart(lines, window, unit, clock.home()) if lines else None


def chart(lines: Sequence[Line], window: Window, unit: Unit, zone: ZoneInfo) -> Chart:
    """Of at least one line."""
    ordered = sorted(lines, key=lambda line: -line.points[-1][1])
    shown = ordered[:MOST]
    values = [value for line in shown for _, value in line.points]
    low, high, step = _range(min(0.0, *values), max(0.0, *values))
    begin, seconds = window.start.timestamp(), window.span.total_seconds()

    def across(at: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (at - begin) / seconds, 1)

    def up(value: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * (value - low) / (high - low), 1)

    def path(line: Line) -> str:
        gap, drawn, last = _PAUSE * window.step.total_seconds(), "", float("-inf")
        for at, value in line.points:
            place = f"{across(at)} {up(value)}"
            # A line without length is a dot, where a point stands alone.
            drawn += f"M{place}h0" if at - last > gap else f"L{place}"
            last = at
        return drawn

    return Chart(
        [_drawn(line, path(line), unit) for line in shown],
        [(told(low + n * step, unit), up(low + n * step)) for n in range(_lines(low, high, step))],
        [(_clock(at, window), across(at.timestamp())) for at in _times(window, zone)],
        len(ordered) - len(shown),
    )


def told(value: float, unit: Unit) -> str:
    """A value as people read it, in a unit of its size."""
    if unit == "s":
        return _sized(value, _SECONDS)
    if unit == "bytes":
        return _sized(value, _BYTES)
    if unit == "percentunit":
        return f"{_short(100 * value)} %"
    return _short(value)


def _drawn(line: Line, path: str, unit: Unit) -> Drawn:
    values = [value for _, value in line.points]
    named = (told(one, unit) for one in (values[-1], min(values), max(values)))
    return Drawn(line.label, path, *named)


def _sized(value: float, sizes: Sequence[tuple[float, str]]) -> str:
    size, name = next((one for one in sizes if abs(value) >= one[0]), sizes[-1])
    return f"{_short(value / size)} {name}" if value else "0"


def _short(value: float) -> str:
    """Three digits that count, or all of a whole number."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _range(least: float, most: float) -> tuple[float, float, float]:
    """The lowest and highest line that hold all, and what lies between two lines."""
    if least == most:
        return 0.0, 1.0, 1.0
    for step in _steps(most - least):
        low, high = math.floor(least / step) * step, math.ceil(most / step) * step
        if _lines(low, high, step) <= _SCALE + 1:
            return low, high, step
    raise AssertionError("steps grow without an end")


def _lines(low: float, high: float, step: float) -> int:
    return round((high - low) / step) + 1


def _steps(width: float) -> Iterator[float]:
    """One, two, five, ten and so on, from a tenth of the width."""
    for power in count(math.floor(math.log10(width)) - 1):
        yield from (lead * 10.0**power for lead in (1, 2, 5))


def _times(window: Window, zone: ZoneInfo) -> Iterator[datetime]:
    """Full quarters, hours or days within."""
    step = next(one for one in _TIMES if window.span / one <= 4)
    midnight = window.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    marks = (midnight + n * step for n in count())
    for at in marks:
        if at > window.end:
            return
        if at >= window.start:
            yield at


def _clock(at: datetime, window: Window) -> str:
    return f"{at:%H:%M}" if window.span <= _DAY else f"{at:%m-%d}"
