"""Trees as RFC 6962 hashes them: one root over many leaves, and each leaf's path to it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

SIZE = 32


class Place(NamedTuple):
    """Which leaf it is of how many, and its path: the hashes beside it from the leaf up."""

    leaf: int
    size: int
    path: bytes

    @property
    def hashes(self) -> list[bytes]:
        """The path in its parts."""
        return [self.path[at : at + SIZE] for at in range(0, len(self.path), SIZE)]


def leaf_of(data: bytes) -> bytes:
    """A leaf's hash."""
    return sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """The hash over two others."""
    return sha256(b"\x01" + left + right).digest()


def grow(leaves: Sequence[bytes]) -> tuple[bytes, list[Place]]:
    """The root over leaves (their hashes, at least one), and the place of each."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    paths = [b""]
    for level in reversed(levels[:-1]):
        # What stands alone at the end of a level has nothing beside it there.
        beside = [level[n ^ 1] if n ^ 1 < len(level) else b"" for n in range(len(level))]
        paths = [other + paths[n >> 1] for n, other in enumerate(beside)]
    return levels[-1][0], [Place(n, len(leaves), path) for n, path in enumerate(paths)]


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_of(*pair) for pair in zip(level[::2], level[1::2], strict=False)]
    return pairs + list(level[2 * len(pairs) :])


def root_of(leaf: bytes, place: Place) -> bytes | None:
    """The root that a leaf at this place leads to; None if its path is too short or too long."""
    number, last, root = place.leaf, place.size - 1, leaf
    if not 0 <= number <= last:
        return None
    for other in place.hashes:
        if not last:
            return None
        if number & 1 or number == last:
            root = node_of(other, root)
            # A last leaf that stands alone on a level goes up as it is.
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            root = node_of(root, other)
        number, last = number >> 1, last >> 1
    return None if last else root
