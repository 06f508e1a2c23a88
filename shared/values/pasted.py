"""Codes and addresses as they come out of a chat: what in a pasted text may be a code."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from shared.values import text

# As long as the shortest code of ours and the longest with a separator after every second sign.
SHORTEST, LONGEST = 16, 40
MOST_WORDS = 40
MOST = 600
# A code that was broken over lines or typed in groups is in so many words at most.
MOST_PIECES = 9
_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?", re.ASCII)
_HOST = re.compile(r"[a-z]+://[^/?#]*", re.IGNORECASE)


def codes(typed: str) -> Iterator[str]:
    """What may be a code in it, the likeliest first, each once.

    An address, words around it, share parameters, escapes (also of escapes), full-width signs and
    breaks within the code are no part of it.
    """
    if typed.isascii() and _CODE.fullmatch(typed):
        yield typed
        return
    seen: set[str] = set()
    for found in _all(_words(typed)):
        if SHORTEST <= len(found) <= LONGEST and found not in seen:
            seen.add(found)
            yield found


def plain(typed: str) -> str:
    """A text without its escapes, be they escaped again."""
    for _ in range(3):
        if "%" in typed:
            typed = unquote(typed)
    return typed


def _words(typed: str) -> list[str]:
    split = text.lines(plain(typed)[:MOST]).split()[:MOST_WORDS]
    return [word for word in map(text.identifier, split) if word]


def _all(words: list[str]) -> Iterator[str]:
    for count in range(1, MOST_PIECES + 1):
        for start in range(len(words) - count + 1):
            yield from _CODE.findall(_HOST.sub(" ", "".join(words[start : start + count])))
    yield from _CODE.findall("".join(words))
