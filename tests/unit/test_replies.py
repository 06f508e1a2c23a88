"""What an SMS is read as, and to what it is a reply: never a case guessed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.rules import replies
from services.notifications.rules.replies import ANSWERS, Effect, Heard, Question, Said

NOW = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ONE, OTHER = uuid4(), uuid4()


def asked(case: UUID, revision: int = 1, hours: int = 1) -> Question:
    """Sent so many hours ago."""
    return Question(uuid4(), case, uuid4(), revision, NOW - timedelta(hours=hours))


def heard(
    *questions: Question, written: str | None = "en", told: bool = False, stopped: bool = False,
    today: int = 0,
) -> Heard:  # fmt: skip
    """Somebody to whom we wrote of late."""
    return Heard(questions, written, told, stopped, today)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        *((one, "solved") for one in (
            "1", "１", " 1 ", "1。", "“1”", "回1", "回复1", "①", "1\n", "१",
        )),
        *((one, "unhappy") for one in ("2", "２", "回复：2")),
        *((one, "unsolved") for one in ("3", "③", "回 3")),
        *((one, "stop") for one in (
            "T", "t", "ＴＤ", "td", "退订", "退訂", "回复T", "STOP", "退订。",
        )),
        *((one, "start") for one in ("恢复", "START", "unstop")),
        *((one, "unclear") for one in (
            "", " ", "0", "4", "11", "12", "1或2", "1,2", "1 2", "3天了还没解决", "1楼窗口", "-",
            "？", "不1", "谢谢", "办好了", "TT", "退订1", "请不要退订", "1" * 5000, "🙂",
            "13800000088",
        )),
    ],
)  # fmt: skip
def test_how_people_write_it(written: str, said: Said) -> None:
    """In any width, with any marks around it; what is more than that is not guessed at."""
    assert said == replies.read(written)


@given(st.text())
def test_anything_can_be_read(written: str) -> None:
    """Whatever comes is one of the known things, and nothing breaks."""
    assert replies.read(written) in (*ANSWERS, "stop", "start", "unclear")


@pytest.mark.parametrize("said", ANSWERS)
def test_an_answer_is_to_the_case_that_was_asked_about(said: Said) -> None:
    """To its newest question, where it was asked of two verdicts."""
    older, newer = asked(ONE, 1, 5), asked(ONE, 2, 1)
    assert Effect(question=newer) == replies.effect(said, heard(newer, older))


@pytest.mark.parametrize("said", ANSWERS)
@pytest.mark.parametrize("questions", [(), (asked(ONE), asked(OTHER))])
def test_no_case_is_guessed(said: Said, questions: tuple[Question, ...]) -> None:
    """Where none was asked about, or two, the citizen is told how to say it."""
    assert Effect(explain="en") == replies.effect(said, heard(*questions))


@pytest.mark.parametrize(
    ("told", "explained"),
    [
        (heard(asked(ONE)), "en"),
        (heard(asked(ONE), written="zh"), "zh"),
        (heard(asked(ONE), told=True), None),
        (heard(asked(ONE), stopped=True), None),
        (heard(written=None), None),
        (heard(asked(ONE), today=replies.MOST_A_DAY), None),
    ],
)
def test_what_nobody_understands_is_answered_once(told: Heard, explained: str | None) -> None:
    """As we wrote; not again, not to who wants no SMS, not to strangers, and not to a program."""
    assert Effect(explain=explained) == replies.effect("unclear", told)


@pytest.mark.parametrize("today", [0, replies.MOST_A_DAY, 1000])
def test_to_stop_is_always_heard(today: int) -> None:
    """From whomever, and however often they wrote; to start again only from a person."""
    assert Effect(stop=True) == replies.effect("stop", heard(written=None, today=today))
    assert (False if today == 0 else None) == replies.effect("start", heard(today=today)).stop


def test_a_program_answers_nothing() -> None:
    """What comes more often than a person writes changes no case."""
    flood = heard(asked(ONE), today=replies.MOST_A_DAY)
    assert Effect() == replies.effect("unsolved", flood)
