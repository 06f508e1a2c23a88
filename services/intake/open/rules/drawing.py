"""Drawing a random sample of those a window served, so that anybody who has the list can repeat it.

The seed follows from a key of intake's and the list, so nobody can try until the sample pleases,
and another order of the same list changes nothing. Drawn are the visits whose SHA-256 with the seed
before them is smallest: no language's own generator is needed to draw again.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from shared.values import text

_SERIALS = 10**10


def canonical(visits: Iterable[str]) -> list[str]:
    """The list as it is drawn from: each visit once, in order, however it was typed."""
    return sorted({visit for visit in map(text.identifier, visits) if visit})


def fingerprint(visits: Sequence[str]) -> str:
    """What is kept of a list."""
    return sha256("\n".join(visits).encode()).hexdigest()


def seed_of(key: bytes, unit_code: str, list_sha256: str) -> str:
    """The seed of a unit's list."""
    return hmac.digest(key, f"draw\n{unit_code}\n{list_sha256}".encode(), "sha256").hex()[:32]


def drawn(visits: Sequence[str], seed: str, size: int) -> list[str]:
    """The sample."""
    return sorted(visits, key=lambda visit: sha256(f"{seed}\n{visit}".encode()).digest())[:size]


def number_of(key: bytes, seed: str, visit: str) -> int:
    """An invitation's number: it says nothing of the visit to whoever lacks the key."""
    digest = hmac.digest(key, f"invitation\n{seed}\n{visit}".encode(), "sha256")
    return int.from_bytes(digest[:8]) % _SERIALS
