"""The lots of the random review: who has a day's seed and a case's number draws each of them again.

A lot is the SHA-256 of three lines of text, so that a shell can repeat it:
`printf '%s\n%s\n%s' SEED verdict NUMBER | sha256sum`. Its first 16 digits, divided by 100, leave a
remainder; one below the percentage is drawn.
"""

from datetime import date
from hashlib import sha256
from uuid import UUID

_ABOUT = "mashang random review"
_DIGITS = 16


def commitment(day: date, seed: str) -> str:
    """What is published of a day's seed beforehand: it says nothing of it, and fits no other."""
    return _digest(_ABOUT, day.isoformat(), seed)


def number_of(submission_id: UUID) -> str:
    """A case's number in the draw: it leads nobody to the case who does not know that already."""
    return _digest(_ABOUT, str(submission_id))[:32]


def lot(seed: str, drawn_for: str, number: str) -> int:
    """From 0 to 99, the same for ever."""
    return int(_digest(seed, drawn_for, number)[:_DIGITS], 16) % 100


def is_drawn(seed: str, drawn_for: str, number: str, percent: int) -> bool:
    """Whether the level above looks at it again."""
    return lot(seed, drawn_for, number) < percent


def _digest(*lines: str) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()
