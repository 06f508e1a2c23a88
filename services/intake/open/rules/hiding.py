"""Which numbers may be shown: none that is small, and none from which a small one follows.

A number from 1 to 4 is hidden. Where all but one number of a sum are shown, the last one follows;
where what is hidden of it leaves little room, nearly so: then the next smallest is hidden as well,
along the rows and the columns of a table, until nothing follows any more. All that is hidden looks
alike, so that nobody knows which of them were small.

What was hidden for another's sake stays so while that other is small: shown later, it would tell
what an earlier download had kept back.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

from services.intake.open.rules.solving import Sum, follows

K = TypeVar("K", bound=Hashable)
FEWEST = 5


def is_small(number: int) -> bool:
    """Whether few people stand behind it."""
    return 0 < number < FEWEST


def hidden(
    numbers: Mapping[K, int], sums: Sequence[Sum[K]], before: Collection[K] = ()
) -> frozenset[K]:
    """The keys of the numbers that stay hidden; `before` are those that hid others until now."""
    small = {key for key, number in numbers.items() if is_small(number)}
    found = small | _kept(before, small, sums)
    while True:
        _complete(numbers, sums, found)
        if not (more := _more(numbers, sums, found)):
            return frozenset(found)
        found |= more


def _kept(before: Collection[K], small: Collection[K], sums: Sequence[Sum[K]]) -> set[K]:
    kept: set[K] = set()
    for one in sums:
        keys = {one.whole, *one.parts}
        if not keys.isdisjoint(small):
            kept |= keys.intersection(before)
    return kept


def _complete(numbers: Mapping[K, int], sums: Sequence[Sum[K]], found: set[K]) -> None:
    """Hide what is needed until each sum alone tells nothing."""
    more = True
    while more:
        more = False
        for one in sums:
            if (key := _next(one, numbers, found)) is not None:
                found.add(key)
                more = True


def _next(one: Sum[K], numbers: Mapping[K, int], found: set[K]) -> K | None:
    """What else must be hidden of a sum, if anything must and can."""
    parts = [key for key in one.parts if key in found]
    if one.whole in found:
        safe = bool(parts)
    else:
        # Each of them is known to be 1 at least; any of them might be as large as what is shown.
        room = sum(numbers[key] - 1 for key in parts)
        safe = not parts or (len(parts) > 1 and room >= FEWEST - 1)
    if safe:
        return None
    shown = [key for key in one.parts if key not in found and numbers[key]]
    # Where nothing else is left to hide, the whole goes as well.
    left = None if one.whole in found else one.whole
    return min(shown, key=lambda key: numbers[key], default=left)


def _more(numbers: Mapping[K, int], sums: Sequence[Sum[K]], found: set[K]) -> set[K]:
    """What to hide beside that which still follows from all sums together."""
    if not (told := follows(numbers, found, sums)):
        return set()
    near = [{one.whole, *one.parts} for one in sums]
    return _beside(told, near, numbers, found) or _beside(found, near, numbers, found)


def _beside(
    told: Collection[K], near: Sequence[set[K]], numbers: Mapping[K, int], found: set[K]
) -> set[K]:
    """The smallest shown number of each sum in which one of these stands, if there is none yet."""
    more: set[K] = set()
    for keys in near:
        if keys.isdisjoint(told) or not keys.isdisjoint(more):
            continue
        if can := [key for key in keys - found if numbers[key]]:
            more.add(min(can, key=lambda key: (numbers[key], str(key))))
    return more
