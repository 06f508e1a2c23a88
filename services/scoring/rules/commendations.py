"""Whom citizens praise by name (rule 17)."""

from shared.events import SubmissionAdded, SubmissionReceived

SATISFIED = 4


def is_commendation(event: SubmissionReceived | SubmissionAdded) -> bool:
    """A rating of 4 or 5 with words that names an officer."""
    rated = event.kind == "rating" and (event.satisfaction or 0) >= SATISFIED
    return rated and bool(event.words_sealed and event.officer_badge)
