"""The geometry of the charts: across in per cent of the width, down in pixels.

So their words keep their size on every screen, which a viewBox would not let them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TOP, GROUND = 27, 150


@dataclass(frozen=True)
class Bar:
    """A bar of a month with its number; one whose number stays hidden has no height."""

    x: float
    width: float
    y: int
    height: int
    number: int | None

    @property
    def middle(self) -> float:
        """Where the words above and below it stand."""
        return round(self.x + self.width / 2, 2)


def bars(numbers: Sequence[int | None]) -> list[Bar]:
    """Bars side by side, the highest as high as there is room."""
    most = max((number or 0 for number in numbers), default=0)
    return list(_bars(numbers, most or 1))


def _bars(numbers: Sequence[int | None], most: int) -> Iterator[Bar]:
    step = 100 / max(len(numbers), 1)
    for place, number in enumerate(numbers):
        height = round((number or 0) / most * (GROUND - TOP))
        yield Bar(
            round(step * (place + 0.2), 2), round(step * 0.6, 2), GROUND - height, height, number
        )


@dataclass(frozen=True)
class Range:
    """A share with its interval on a scale that begins at `floor` per cent."""

    share: float
    low: float
    high: float


def ranges(shares: Sequence[tuple[float, float, float]]) -> tuple[int, list[Range]]:
    """On one scale up to 100 %: where it begins, in tens, and each share's place on it."""
    lowest = min((low for _, low, _ in shares), default=0.0)
    floor = min(90, int(lowest * 10) * 10)

    def place(share: float) -> float:
        return round((share * 100 - floor) / (100 - floor) * 100, 2)

    return floor, [Range(place(share), place(low), place(high)) for share, low, high in shares]
