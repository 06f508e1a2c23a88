"""How long to wait before the next try: twice as long each time, up to a limit."""

import random
from datetime import timedelta

FIRST = timedelta(seconds=1)
MOST = timedelta(minutes=10)


def backoff(times: int, first: timedelta = FIRST, most: timedelta = MOST) -> timedelta:
    """`first` after 0 failures, then doubled, never more than `most`; any integer will do.

    `first` must be positive. Whether a doubling would pass `most` is decided before it is computed,
    so nothing overflows after years of failures.
    """
    times = max(times, 0)
    return first * 2**times if times < (most // first).bit_length() else most


def apart(seconds: float) -> float:
    """Between half of it and all of it: many that lost one server do not come back as one."""
    return random.uniform(seconds / 2, seconds)
