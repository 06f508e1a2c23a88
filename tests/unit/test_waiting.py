"""What is owed to a citizen who waits: that somebody has it, and that it goes on, by when."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.calendar import Calendar
from shared.policy.guards import Hours
from shared.policy.waiting import Acknowledgement, Progress
from shared.values import clock

# Spring Festival of 2026 with its make-up days, and the leap day of 2028.
CALENDAR = Calendar(
    holidays=frozenset(date(2026, 2, day) for day in range(15, 24)) | {date(2026, 1, 1)},
    workdays=frozenset({date(2026, 2, 14), date(2026, 2, 28), date(2026, 1, 4)}),
)
OPEN = Hours(opens=time(9), closes=time(17))
LONDON = ZoneInfo("Europe/London")
NEVER = Calendar(holidays=frozenset(), workdays=frozenset())


def at(text: str, zone: ZoneInfo = clock.SHANGHAI) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def hours(since: str, count: int, zone: ZoneInfo = clock.SHANGHAI) -> datetime | None:
    """When an acknowledgement is due that has so many working hours."""
    return Acknowledgement(working_hours=count).due(at(since, zone), OPEN, CALENDAR, zone)


@pytest.mark.parametrize(
    ("since", "count", "due"),
    [
        ("2026-11-23T09:00", 4, "2026-11-23T13:00"),
        ("2026-11-23T13:00", 4, "2026-11-23T17:00"),
        ("2026-11-23T13:01", 4, "2026-11-24T09:01"),
        ("2026-11-23T07:00", 4, "2026-11-23T13:00"),
        ("2026-11-23T17:00", 4, "2026-11-24T13:00"),
        ("2026-11-23T23:50", 4, "2026-11-24T13:00"),
        ("2026-11-24T00:00", 4, "2026-11-24T13:00"),
        ("2026-11-27T16:00", 4, "2026-11-30T12:00"),
        ("2026-11-28T12:00", 4, "2026-11-30T13:00"),
        ("2026-02-14T16:00", 2, "2026-02-24T10:00"),
        ("2026-02-27T16:00", 2, "2026-02-28T10:00"),
        ("2025-12-31T16:30", 1, "2026-01-02T09:30"),
        ("2028-02-28T16:00", 9, "2028-02-29T17:00"),
        ("2026-11-23T09:00", 8, "2026-11-23T17:00"),
        ("2026-11-23T09:00", 100, "2026-12-09T13:00"),
    ],
    ids=[
        "at opening", "up to closing", "a minute over", "before opening", "at closing", "23:50",
        "24:00", "Friday evening", "Saturday", "before the holidays", "a made-up Saturday",
        "year's end", "leap day", "a whole day", "weeks",
    ],
)  # fmt: skip
def test_working_hours_pass_while_units_are_open(since: str, count: int, due: str) -> None:
    """Nights, weekends and holidays do not count; made-up Saturdays do."""
    assert at(due) == hours(since, count)


@pytest.mark.parametrize(
    ("since", "days", "due"),
    [
        ("2026-11-23T00:00", 1, "2026-11-25T00:00"),
        ("2026-11-23T23:50", 1, "2026-11-25T00:00"),
        ("2026-11-27T18:00", 3, "2026-12-03T00:00"),
        ("2026-02-13T10:00", 1, "2026-02-15T00:00"),
        ("2026-02-14T10:00", 1, "2026-02-25T00:00"),
        ("2025-12-31T10:00", 1, "2026-01-03T00:00"),
        ("2028-02-28T10:00", 1, "2028-03-01T00:00"),
    ],
    ids=["midnight", "23:50", "Friday", "a made-up Saturday", "holidays", "year's end", "leap day"],
)
def test_working_days_end_at_midnight(since: str, days: int, due: str) -> None:
    """The day of receipt does not count, and the last is over at 24:00."""
    rule = Acknowledgement(working_days=days)
    assert at(due) == rule.due(at(since), OPEN, CALENDAR, clock.SHANGHAI)


def test_a_holiday_that_is_moved_moves_what_was_not_yet_owed() -> None:
    """The calendar of the case's own edition counts; without its holiday it is a day earlier."""
    rule, since = Acknowledgement(working_days=1), at("2025-12-31T10:00")
    assert at("2026-01-02T00:00") == rule.due(since, OPEN, NEVER, clock.SHANGHAI)
    assert at("2026-01-03T00:00") == rule.due(since, OPEN, CALENDAR, clock.SHANGHAI)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-11-23T00:00", "2026-12-01T00:00"),
        ("2026-11-23T23:59:59", "2026-12-01T00:00"),
        ("2026-12-28T12:00", "2027-01-05T00:00"),
        ("2028-02-22T12:00", "2028-03-01T00:00"),
    ],
    ids=["0:00", "a second before midnight", "year's end", "leap day"],
)
def test_an_open_case_owes_a_word_past_its_days(since: str, due: str) -> None:
    """Past seven days is when the seventh day after it came has ended; holidays do not matter."""
    assert at(due) == Progress(every_days=7).due(at(since), clock.SHANGHAI)


def test_without_a_number_nothing_is_owed() -> None:
    """A policy that does not want a clock leaves it out."""
    noon = at("2026-11-23T12:00")
    assert Acknowledgement().due(noon, OPEN, CALENDAR, clock.SHANGHAI) is None
    assert Progress().due(noon, clock.SHANGHAI) is None


def test_a_day_on_which_the_clocks_change_has_its_hours() -> None:
    """On the last Sunday of March an hour of the night is missing, and none of the office."""
    assert at("2026-03-30T12:00", LONDON) == hours("2026-03-27T16:00", 4, LONDON)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    st.integers(1, 60),
)
def test_working_hours_are_those_that_somebody_counts_who_looks(
    since: datetime, count: int
) -> None:
    """Looked at every ten minutes, units were open so long between receipt and due time."""
    since = since.replace(second=0, microsecond=0)
    due = Acknowledgement(working_hours=count).due(since, OPEN, CALENDAR, clock.SHANGHAI)
    assert due is not None
    steps = (since + timedelta(minutes=10 * n) for n in itertools.count())
    within = list(itertools.takewhile(lambda one: one < due, steps))
    worked = [one for one in within if _open(one)]
    assert abs(len(worked) - 6 * count) <= 2
    assert _open(due - timedelta(minutes=1))


def _open(moment: datetime) -> bool:
    local = moment.astimezone(clock.SHANGHAI)
    return CALENDAR.works(local.date()) and OPEN.opens <= local.time() < OPEN.closes
