"""Numbers that follow one another: a pack of cards bought together, in one pair of hands."""

from collections.abc import Callable

# +86 and eleven digits: only these are dealt out in sequences, and only these get airtime.
MOBILE = 14


def blocks(e164: str, digest: Callable[[str], str]) -> tuple[str, ...]:
    """The block of ten numbers below, its own, and the one above, each by a hash; () for others.

    Two numbers are near when the own block of one is among those of the other.
    """
    if not e164.startswith("+86") or len(e164) != MOBILE:
        return ()
    own = int(e164[1:-1])
    return tuple(digest(str(block)) for block in (own - 1, own, own + 1))
