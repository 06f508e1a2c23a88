"""Words as pairs of characters, and the pairs as keyed buckets by which sealed words are found."""

from collections.abc import Callable

from shared.values import text

# So few that several pairs share one; so many that a few pairs together name few cases.
BUCKETS = 1 << 14


def pairs(words: str) -> frozenset[str]:
    """All pairs of neighbours, of letters and digits only, in simplified characters."""
    plain = text.keyword(words)
    return frozenset(plain[n : n + 2] for n in range(len(plain) - 1))


def buckets(words: str, index: Callable[[str], str]) -> list[int]:
    """Where the words' pairs lie; `index` is a keyed hash in hex digits."""
    return sorted({int(index(f"gram:{pair}")[:8], 16) % BUCKETS for pair in pairs(words)})


def has_all(words: str, said: str) -> bool:
    """Whether the words have each of the words that somebody looks for, spelled as it may be."""
    plain = text.keyword(words)
    return all(text.keyword(one) in plain for one in said.split())
