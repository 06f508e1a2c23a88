"""Which word is owed to a citizen who waits, and by when."""

from datetime import datetime
from typing import NamedTuple

from shared.events import Owed
from shared.policy import Policy

__all__ = ["Owed", "Word", "first", "progress"]


class Word(NamedTuple):
    """What is owed next by when, if something is."""

    owed: Owed | None = None
    due_at: datetime | None = None


def first(received_at: datetime, policy: Policy, *, bare: bool) -> Word:
    """Of a new case: that somebody has it, where the policy wants that said.

    A bare rating has nobody who waits to hear that.
    """
    due_at = policy.acknowledgement.due(received_at, policy.opening, policy.calendar, policy.zone)
    if due_at and not bare:
        return Word("acknowledgement", due_at)
    return progress(received_at, policy)


def progress(since: datetime, policy: Policy) -> Word:
    """The next one of a case that is still open, counted from its beginning or the last word."""
    due_at = policy.progress.due(since, policy.zone)
    return Word("progress", due_at) if due_at else Word()
