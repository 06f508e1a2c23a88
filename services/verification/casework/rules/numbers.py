"""Case numbers as people write them: `26-000123`, however it is spelled, or a link to the case."""

import re
from collections.abc import Iterable
from uuid import UUID

from shared.values import pasted, text

_UUID = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})(?![0-9a-f])", re.IGNORECASE
)
_NUMBER = r"(?<![0-9])(?<![0-9]-)(?:20)?([0-9]{2})%s0*([0-9]{1,12})(?![0-9])(?!-[0-9])"
_DASHED, _BARE = re.compile(_NUMBER % "-+"), re.compile(_NUMBER % "")


def read(said: str) -> UUID | str | None:
    """The one case id or, without one, the one number in it; None if there is none, or several.

    Words around it, spaces within it, any dash or none, and zeros more or less are all the same.
    """
    words = [text.identifier(word) for word in pasted.plain(said)[: pasted.MOST].split()]
    whole = ["".join(words)]
    if ids := {UUID(found) for word in words for found in _UUID.findall(word)}:
        return ids.pop() if len(ids) == 1 else None
    # A number that stands whole counts before one that must be put together, or guessed.
    for pattern, texts in ((_DASHED, words), (_DASHED, whole), (_BARE, whole), (_BARE, words)):
        if numbers := set(_numbers(pattern, texts)):
            return numbers.pop() if len(numbers) == 1 else None
    return None


def _numbers(pattern: re.Pattern[str], texts: Iterable[str]) -> Iterable[str]:
    return (
        f"{year}-{int(running):06}" for word in texts for year, running in pattern.findall(word)
    )
