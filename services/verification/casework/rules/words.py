"""A word to the citizen while the case is open: whether it may be said, what is owed after it."""

from dataclasses import replace
from datetime import datetime

from services.verification.casework.rules import promising
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.promising import Word
from shared.errors import Conflict
from shared.policy import Policy

# The columns that a word changes.
COLUMNS = ("word_owed", "word_due_at", "words_given")


def may_give(case: Case) -> None:
    """Conflict where nobody waits: the answer is there, or there is no receipt to show it on."""
    if not case.is_told:
        raise Conflict("refused.word_no_receipt")
    if case.state == "verified":
        raise Conflict("refused.word_answered")


def given(case: Case, policy: Policy, now: datetime) -> Case:
    """The case after one more word."""
    return replace(_owing(case, promising.progress(now, policy)), words_given=case.words_given + 1)


def spoken_with(case: Case, policy: Policy) -> Case:
    """The case once the citizen was reached by phone: they know that somebody has it.

    What they hear of how it goes on is due as if that had been known from the start.
    """
    if case.word_owed != "acknowledgement":
        return case
    since = case.reopened_at or case.received_at
    return _owing(case, promising.progress(since, policy))


def opened_again(case: Case, policy: Policy, now: datetime) -> Case:
    """The case that had its answer and waits for another."""
    return _owing(case, promising.progress(now, policy)) if case.is_told else case


def _owing(case: Case, word: Word) -> Case:
    return replace(case, word_owed=word.owed, word_due_at=word.due_at)
