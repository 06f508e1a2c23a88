"""Which numbers may be shown: none that is small, and none from which a small one follows.

A number from 1 to 4 is hidden. Where all but one number of a sum are shown, the last one follows;
where what is hidden of it adds up to less than 5, nearly so: then the next smallest is hidden as
well, along the rows and the columns of a table, until nothing follows any more. All that is hidden
looks alike, so that nobody knows which of them were small.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
FEWEST = 5


@dataclass(frozen=True)
class Sum(Generic[K]):
    """A number and the parts that it consists of."""

    whole: K
    parts: Sequence[K]


def hidden(numbers: Mapping[K, int], sums: Sequence[Sum[K]]) -> frozenset[K]:
    """The keys of the numbers that stay hidden."""
    found = {key for key, number in numbers.items() if 0 < number < FEWEST}
    more = True
    while more:
        more = False
        for one in sums:
            if (key := _next(one, numbers, found)) is not None:
                found.add(key)
                more = True
    return frozenset(found)


def _next(one: Sum[K], numbers: Mapping[K, int], found: set[K]) -> K | None:
    """What else must be hidden of a sum, if anything must and can."""
    parts = [key for key in one.parts if key in found]
    if one.whole in found:
        safe = bool(parts)
    else:
        safe = not parts or (len(parts) > 1 and sum(numbers[key] for key in parts) >= FEWEST)
    if safe:
        return None
    shown = [key for key in one.parts if key not in found and numbers[key]]
    # Where nothing else is left to hide, the whole goes as well.
    left = None if one.whole in found else one.whole
    return min(shown, key=lambda key: numbers[key], default=left)
