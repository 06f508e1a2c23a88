"""What a citizen's SMS is read as, and to what it is a reply. Pure.

Only a bare 1, 2 or 3 is an answer, and only where one case was asked about: nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from shared.values import text

Said = Literal["solved", "unhappy", "unsolved", "stop", "start", "unclear"]
# More than a person writes to us in a day is a program's, and changes nothing any more.
MOST_A_DAY = 20
_WORDS: Mapping[str, Said] = {
    **dict.fromkeys(("1", "回1", "回复1"), "solved"),
    **dict.fromkeys(("2", "回2", "回复2"), "unhappy"),
    **dict.fromkeys(("3", "回3", "回复3"), "unsolved"),
    **dict.fromkeys(("t", "td", "退订", "回t", "回复t", "回复td", "stop", "unsubscribe"), "stop"),
    **dict.fromkeys(("恢复", "恢复短信", "start", "unstop"), "start"),
}


class Answers(NamedTuple):
    """Whether it is solved, and whether the citizen is satisfied with the handling."""

    solved: bool
    satisfied: bool


ANSWERS: Mapping[Said, Answers] = {
    "solved": Answers(True, True),
    "unhappy": Answers(True, False),
    "unsolved": Answers(False, False),
}


@dataclass(frozen=True)
class Question:
    """The two questions as they were sent about a verdict of a case."""

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    revision: int
    sent_at: datetime


@dataclass(frozen=True)
class Heard:
    """What is known of whoever wrote: the questions that a reply may be to, the newest first.

    `written` in which language we last wrote to the number, None if not of late; `told` whether we
    said how to reply, `today` how often they have written since yesterday.
    """

    questions: Sequence[Question]
    written: str | None
    told: bool
    stopped: bool
    today: int


@dataclass(frozen=True)
class Effect:
    """What follows: an answer to one question, a place on the list, or a word on how to reply.

    `explain` in which language.
    """

    question: Question | None = None
    stop: bool | None = None
    explain: str | None = None


def read(written: str) -> Said:
    """In any width and with any marks around it; what is more than that is for nobody to guess."""
    return _WORDS.get(text.keyword(written), "unclear")


def effect(said: Said, heard: Heard) -> Effect:
    """To stop is always heard. An answer needs one case that was asked about, and no more."""
    if said == "stop":
        return Effect(stop=True)
    if heard.today >= MOST_A_DAY:
        return Effect()
    if said == "start":
        return Effect(stop=False)
    asked = {question.case_id for question in heard.questions}
    if said in ANSWERS and len(asked) == 1:
        return Effect(question=heard.questions[0])
    return Effect(explain=None if heard.told or heard.stopped else heard.written)
