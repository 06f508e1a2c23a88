"""How long is left, in words and as a share, and what of it stands out."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.values import clock
from shared.web import remaining
from shared.web.texts import texts

NOON = datetime(2026, 11, 25, 9, 36, tzinfo=UTC)  # 17:36 at the bureau


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(minutes=-41), "超期 41 分钟"),
        (timedelta(hours=-17, minutes=-30), "超期 17 小时"),
        (timedelta(hours=-30), "超期 30 小时"),
        (timedelta(hours=-50), "超期 2 天"),
        (timedelta(minutes=41), "剩 0 时 41 分"),
        (timedelta(hours=6, minutes=24), "剩 6 时 24 分"),
        (timedelta(hours=12), "明天 05:36"),
        (timedelta(hours=30, minutes=24), "明天 24:00"),
        (timedelta(hours=54, minutes=24), "11月27日"),
    ],
)
def test_a_countdown_near_the_time_and_the_time_before(away: timedelta, words: str) -> None:
    """To the minute while it matters; far away the time itself says more."""
    assert words == texts("zh").left(NOON + away)


def test_one_of_something_is_not_some_of_it() -> None:
    """In English an hour is no hours."""
    assert "1 hour overdue" == texts("en").left(NOON - timedelta(minutes=61))
    assert "2 hours overdue" == texts("en").left(NOON - timedelta(minutes=121))


def test_what_is_over_and_what_nearly_is_stand_out() -> None:
    """Only the last two hours warn."""
    told = [remaining.pressing(NOON + timedelta(minutes=m)) for m in (-1, 0, 119, 120)]
    assert ["late", "soon", "soon", ""] == told


def test_a_share_stays_on_its_bar() -> None:
    """Before the start it is nothing, after the end the whole; no span at all is none of it."""
    hour = timedelta(hours=1)
    assert 250 == remaining.passed(NOON - hour, NOON + 3 * hour)
    assert 0 == remaining.passed(NOON + hour, NOON + 2 * hour)
    assert 0 == remaining.passed(NOON, NOON)
    assert 1000 == remaining.passed(NOON - 2 * hour, NOON - hour)
