"""Whether two cases of a unit and a day may be about one event. Plain values only."""

from dataclasses import dataclass
from typing import Literal

from services.verification.casework.rules.grams import pairs

Why = Literal["phone", "words"]
# Fewer pairs of characters say nothing: 没有人 is what everybody writes.
LEAST = 4


@dataclass(frozen=True)
class Told:
    """What a case says: the blind index of its phone, its words as pairs of characters."""

    phone: str | None
    pairs: frozenset[str]

    @classmethod
    def of(cls, phone: str | None, words: str | None) -> "Told":
        """From the words as they were typed."""
        return cls(phone, pairs(words or ""))


def likeness(one: Told, other: Told) -> int:
    """How much of what either says both say, in percent."""
    if min(len(one.pairs), len(other.pairs)) < LEAST:
        return 0
    return 100 * len(one.pairs & other.pairs) // len(one.pairs | other.pairs)


def alike(one: Told, other: Told, least: int) -> tuple[Why, int] | None:
    """Why they may be one event, and how much alike their words are."""
    percent = likeness(one, other)
    if one.phone and one.phone == other.phone:
        return "phone", percent
    return ("words", percent) if percent >= least else None
