"""The roster's rules: who is in two places, what fits into the next week, who can be meant."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.verification.directory.rules import duties
from services.verification.directory.rules.duties import Duty, When

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
START = datetime.combine(MONDAY, time(), ZONE)


def at(hour: float, day: int = 0) -> datetime:
    """That hour of a day of the week."""
    return START + timedelta(days=day, hours=hour)


def duty(badge: str, begins: float, ends: float, counter: int = 1, day: int = 0) -> Duty:
    """An officer at a window of the unit."""
    return Duty("u", counter, badge, at(begins, day), at(ends, day))


@pytest.mark.parametrize(
    ("other", "met"),
    [
        (duty("A", 12, 14), False), (duty("A", 7, 9), False), (duty("B", 9, 12), False),
        (duty("A", 11, 13), True), (duty("A", 8, 10), True), (duty("A", 10, 11, 2), True),
        (duty("A", 9, 12, day=1), False),
    ],
)  # fmt: skip
def test_nobody_is_in_two_places(other: Duty, met: bool) -> None:
    """The same officer at overlapping hours, at whatever window; one may follow the other."""
    own = duty("A", 9, 12)
    assert (met, met) == (own.meets(other), other.meets(own))
    assert (other if met else None) == duties.first_clash(own, [duty("C", 0, 24), other])


def test_a_week_is_carried_over_as_far_as_it_fits() -> None:
    """By the clock on the wall; not who has left, and not whoever is on duty then already."""
    before = [duty("A", 9, 12), duty("B", 9, 12, 2), duty("gone", 9, 12, 3), duty("A", 13, 17)]
    there = [Duty("elsewhere", 1, "B", at(11, 7), at(13, 7))]
    found = duties.carried_over(before, there, {"A", "B"}, ZONE)
    assert [("A", at(9, 7)), ("A", at(13, 7))] == [(one.badge, one.starts_at) for one in found]
    assert [] == duties.carried_over(before, found, {"A"}, ZONE)


def test_hours_stay_the_same_when_the_clocks_change() -> None:
    """Nine o'clock is nine o'clock, also where there is summer time."""
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 27, 9, tzinfo=berlin)
    own = Duty("u", 1, "A", start, start + timedelta(hours=3))
    assert "2026-04-03T09:00:00+02:00" == duties.a_week_later(own, berlin).starts_at.isoformat()


ROSTER = [duty("A", 9, 12), duty("B", 9, 12), duty("C", 9, 12, 2), duty("D", 14, 17)]


@pytest.mark.parametrize(
    ("counter", "hour", "wanted"),
    [
        (1, 10, "AB"), (2, 10, "C"), (3, 10, ""),  # those of that window, and of no other
        (1, 9, "AB"), (1, 14, "D"),  # from the minute on
        (1, 8, ""),  # nobody was there yet
        (1, 13, "AB"), (1, 20, "ABD"), (2, 20, "C"),  # written later that day
        (None, 10, ""), (None, 15, "D"),  # which window is not said: the only one with anybody
        (1, None, "ABD"), (None, None, ""), (2, None, "C"),  # only the day is known
    ],
)  # fmt: skip
def test_the_only_officers_at_that_window_at_that_time(
    counter: int | None, hour: float | None, wanted: str
) -> None:
    """Whoever the citizen can have met, and nobody where that cannot be told."""
    moment = None if hour is None else at(hour)
    when = When(START, START + timedelta(days=1), moment)
    assert frozenset(wanted) == duties.at_the_window(ROSTER, counter, when)


def test_a_week_begins_on_monday() -> None:
    """Whichever of its days is named; a day is the bureau's."""
    assert {MONDAY} == {duties.monday(MONDAY + timedelta(days=n)) for n in range(7)}
    late = datetime(2026, 11, 23, 16, tzinfo=ZoneInfo("UTC"))
    assert at(0, 1) == duties.day_of(late, ZONE).begins
