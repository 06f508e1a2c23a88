"""A day of the random review drawn again, from nothing but what was published of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.sample.views import WholeDay
from shared.values import lots


@dataclass(frozen=True)
class Replayed:
    """What came out: whether the seed fits, and the numbers of the lots that it draws otherwise."""

    day: WholeDay
    fits: bool
    differing: Sequence[str] = ()

    @property
    def right(self) -> bool:
        """Whether all is as it was told."""
        return self.fits and not self.differing


def replay(day: WholeDay) -> Replayed | None:
    """None of a day whose seed is still sealed."""
    if day.seed is None:
        return None
    differing = [
        one.number
        for one in day.lots
        if one.drawn != lots.is_drawn(day.seed, one.drawn_for, one.number, one.percent)
    ]
    return Replayed(day, lots.commitment(day.day, day.seed) == day.commitment, differing)
