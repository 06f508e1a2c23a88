"""Addresses that a chat or a hand has changed: which of ours was meant."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from shared.values import pasted, text
from shared.web.endpoints import Endpoint

_SEPARATOR = re.compile(r"[/\\／]+")
_WORD = re.compile(r"[a-z][0-9a-z._-]*", re.ASCII)
MOST_PARTS = 12
NO_PART = ("", ".", "..")


def mended(endpoints: Iterable[Endpoint], path: str) -> str | None:
    """The address of ours that a path must have meant, percent-encoded; None if there is none.

    Slashes too many or of another width, capitals and full-width letters in the fixed parts, and
    what was glued behind. It always begins with a fixed part of ours, never with `//`.
    """
    parts = [
        part
        for part in _SEPARATOR.split(pasted.plain(path))
        if text.identifier(part) not in NO_PART
    ]
    found = (_fitted(one.path.split("/")[1:], parts[:MOST_PARTS]) for one in endpoints)
    best = max(filter(None, found), key=len, default=None)
    return "/" + "/".join(best) if best else None


def _fitted(pattern: list[str], parts: list[str]) -> list[str] | None:
    by_name = pattern[-1].startswith("{") and len(pattern) == 2
    if not pattern[0] or len(parts) < len(pattern) or (len(parts) > len(pattern) and not by_name):
        return None
    fitted = list(_each(pattern, parts))
    return fitted if len(fitted) == len(pattern) else None


def _each(pattern: list[str], parts: list[str]) -> Iterator[str]:
    for wanted, part in zip(pattern, parts, strict=False):
        if wanted.startswith("{"):
            yield quote(part, safe="")
        elif wanted == _word(part):
            yield wanted


def _word(part: str) -> str:
    found = _WORD.match(text.identifier(part).lower())
    return found[0].rstrip("._-") if found else ""
