"""What follows from a published table, as somebody with patience and a computer would find it.

Whoever reads the table knows every sum, every number that is shown, and that a hidden one is not
zero, since zeros are shown. Two ways lead on from there: equations are added and subtracted until
one has a single unknown, and each unknown is kept between what its equations leave to it.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
# Coefficients are counted modulo a prime: exact enough, and they never grow.
_PRIME = 2**61 - 1
_WITHOUT_END = 10**12
_ROUNDS = 50
Factors = MutableMapping[K, int]


@dataclass(frozen=True)
class Sum(Generic[K]):
    """A number and the parts that it consists of."""

    whole: K
    parts: Sequence[K]


@dataclass(frozen=True)
class Equation(Generic[K]):
    """Unknowns, each added (1) or taken away (-1), and what they amount to."""

    factors: Mapping[K, int]
    amount: int


def follows(
    numbers: Mapping[K, int], unknown: Collection[K], sums: Sequence[Sum[K]]
) -> frozenset[K]:
    """The unknown numbers that can be told from the known ones."""
    equations = list(_equations(numbers, unknown, sums))
    return frozenset(_eliminated(equations)) | frozenset(_squeezed(equations))


def _equations(
    numbers: Mapping[K, int], unknown: Collection[K], sums: Sequence[Sum[K]]
) -> Iterator[Equation[K]]:
    for one in sums:
        factors = {key: 1 for key in one.parts if key in unknown}
        if one.whole in unknown:
            factors[one.whole] = -1
        if factors:
            amount = sum(factor * numbers[key] for key, factor in factors.items())
            yield Equation(factors, amount)


def _eliminated(equations: Sequence[Equation[K]]) -> Iterator[K]:
    """Gauss and Jordan: an unknown that is left alone in its equation is none any more."""
    solved: dict[K, Factors[K]] = {}
    for one in equations:
        row: Factors[K] = dict(one.factors)
        for key in [key for key in row if key in solved]:
            _take(row, solved[key], row[key])
        if not row:
            continue
        pivot = next(iter(row))
        inverse = pow(row[pivot], -1, _PRIME)
        row = {key: factor * inverse % _PRIME for key, factor in row.items()}
        for other in solved.values():
            if pivot in other:
                _take(other, row, other[pivot])
        solved[pivot] = row
    yield from (pivot for pivot, row in solved.items() if len(row) == 1)


def _take(row: Factors[K], other: Mapping[K, int], times: int) -> None:
    for key, factor in other.items():
        left = (row.get(key, 0) - times * factor) % _PRIME
        if left:
            row[key] = left
        else:
            row.pop(key, None)


def _squeezed(equations: Sequence[Equation[K]]) -> Iterator[K]:
    """Each unknown is at least 1, and no more than what the others leave of their sum."""
    least: dict[K, int] = {key: 1 for one in equations for key in one.factors}
    most = dict.fromkeys(least, _WITHOUT_END)
    for _ in range(_ROUNDS):
        if not sum(_narrow(one, least, most) for one in equations):
            break
    yield from (key for key in least if least[key] == most[key])


def _narrow(one: Equation[K], least: Factors[K], most: Factors[K]) -> bool:
    def ends(key: K) -> tuple[int, int]:
        low, high = least[key], most[key]
        return (low, high) if one.factors[key] > 0 else (-high, -low)

    low, high = (sum(end) for end in zip(*map(ends, one.factors), strict=True))
    narrowed = False
    for key, factor in one.factors.items():
        own = ends(key)
        found = one.amount - (high - own[1]), one.amount - (low - own[0])
        bottom, top = found if factor > 0 else (-found[1], -found[0])
        if bottom > least[key] or top < most[key]:
            least[key], most[key] = max(bottom, least[key]), min(top, most[key])
            narrowed = True
    return narrowed
