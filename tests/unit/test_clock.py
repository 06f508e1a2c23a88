"""Days and due times at the bureau."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import clock
from tests import support as testing

CUTOFF = time(18)


def same_day_due(received: datetime) -> datetime:
    """「當天…完畢」."""
    return clock.end_of_day(clock.first_day(received, CUTOFF))


def shanghai(text: str) -> datetime:
    """A local time at the bureau."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-23T09:00", "2026-11-24T00:00"),
        ("2026-11-23T18:00", "2026-11-24T00:00"),
        ("2026-11-23T18:00:01", "2026-11-25T00:00"),
        ("2026-11-23T23:59:59", "2026-11-25T00:00"),
        ("2026-11-24T00:00", "2026-11-25T00:00"),
        ("2026-12-31T19:00", "2027-01-02T00:00"),
        ("2026-11-28T10:00", "2026-11-29T00:00"),
    ],
    ids=["morning", "at the cutoff", "a second late", "night", "midnight", "new year", "Saturday"],
)
def test_same_day_due(received: str, due: str) -> None:
    """By 18:00 it is due at 24:00 that day, later at 24:00 the next; weekends do not pause it."""
    assert shanghai(due) == same_day_due(shanghai(received))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_due_is_a_midnight_after_at_most_thirty_hours(received: datetime) -> None:
    """Whatever the moment, the due time is a local midnight ahead and not over 30 hours away."""
    due = same_day_due(received)
    assert time() == due.astimezone(clock.SHANGHAI).time()
    assert timedelta() < due - received <= timedelta(hours=30)


def test_reward_is_due_at_the_end_of_the_second_day() -> None:
    """「在2日內」: a verdict on the 23rd, at any hour, is to be paid by the end of the 25th."""
    due = shanghai("2026-11-26T00:00")
    assert due == clock.days_after_due(shanghai("2026-11-23T00:00"), 2)
    assert due == clock.days_after_due(shanghai("2026-11-23T23:59"), 2)


def test_service_day_is_the_bureaus() -> None:
    """20:00 in London on the 23rd is the 24th at the bureau."""
    assert date(2026, 11, 24) == clock.service_day(datetime(2026, 11, 23, 20, tzinfo=UTC))


def test_the_clock_moves_and_returns() -> None:
    """A test or the simulation can move the one clock, and it comes back."""
    there = shanghai("2030-01-01T00:00")
    with testing.at(there):
        assert timedelta() <= clock.now() - there < timedelta(seconds=5)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
