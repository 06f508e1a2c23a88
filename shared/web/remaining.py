"""How pressing a due time is, and how much of the time until it has passed."""

from datetime import datetime, timedelta
from typing import Literal

from shared.values import clock

SOON = timedelta(hours=2)


def pressing(at: datetime) -> Literal["late", "soon", ""]:
    """Whether it is over, or nearly."""
    span = at - clock.now()
    if span < timedelta():
        return "late"
    return "soon" if span < SOON else ""


def passed(start: datetime, end: datetime) -> int:
    """The share of the time from `start` to `end` that is behind us, in thousandths."""
    whole = max(end - start, timedelta(seconds=1))
    return min(max(int(1000 * ((clock.now() - start) / whole)), 0), 1000)
