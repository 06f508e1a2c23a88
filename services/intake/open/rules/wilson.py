"""How sure a share is: the score interval of Wilson (1927), which holds for few and for extreme
answers too. With p = yes/n and z the quantile, its ends are
(p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n).
"""

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def interval(yes: int, asked: int) -> tuple[float, float] | None:
    """Between what the share lies, with the usual confidence; None where nobody was asked."""
    if not asked:
        return None
    share, square = yes / asked, _Z * _Z
    middle = share + square / (2 * asked)
    reach = _Z * sqrt(share * (1 - share) / asked + square / (4 * asked * asked))
    scale = 1 + square / asked
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
