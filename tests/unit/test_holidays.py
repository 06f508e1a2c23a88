"""A calendar of working days: read by line, told by line, and written as the policy has it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.directory.rules import holidays
from shared import policy
from shared.policy.calendar import Calendar
from shared.web.texts import text

FILE = Path(__file__).parents[2] / "deploy" / "policy.toml"
OURS = policy.load(FILE).editions[-1].calendar
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def wrong(typed: str) -> list[tuple[object, str]]:
    """Line and key of everything that is wrong, each with words in both languages."""
    calendar, found = holidays.read(typed)
    assert (calendar is None) == bool(found)
    for one in found:
        assert all(text(lang, one.key, **one.values) for lang in ("zh", "en"))
    return [(one.values["line"], one.key) for one in found]


def test_ours_is_read_as_it_stands() -> None:
    """The section of the policy file with its comments, and what is written of it again."""
    content = FILE.read_text("utf-8").partition("[policy.calendar]")[2].partition("\n[")[0]
    for typed in (content, f"[policy.calendar]\n{content}", holidays.written(OURS)):
        assert (OURS, ()) == holidays.read(typed)


@given(st.frozensets(DAYS, min_size=1, max_size=60), st.frozensets(DAYS, max_size=9))
def test_whatever_is_written_is_read(rest: frozenset[date], work: frozenset[date]) -> None:
    """Every calendar that can be."""
    weekend = frozenset(day for day in work - rest if day.weekday() > 4)
    calendar = Calendar(holidays=rest, workdays=weekend)
    assert (calendar, ()) == holidays.read(holidays.written(calendar))


def test_a_day_may_be_written_as_people_write_it() -> None:
    """With the Chinese words, slashes, and marks of any kind between."""
    calendar, _ = holidays.read("holidays = 2027年1月1日、2027/1/2；\n2027.10.01 '2027-10-02'")
    assert calendar is not None
    assert {"2027-01-01", "2027-01-02", "2027-10-01", "2027-10-02"} == {
        day.isoformat() for day in calendar.holidays
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [(1, "calendar_empty")]),
        ("# nothing", [(1, "calendar_empty")]),
        ("2027-01-01", [(1, "calendar_outside")]),
        ("holidays = [\n2027-01-01,\n2027-02-30, tomorrow\n]", [(3, "calendar_no_day")] * 2),
        ("holidays = [1999-01-01]", [(1, "calendar_no_day")]),
        ("holidays = 2027-01-01\n\n2027-01-01", [(3, "calendar_twice")]),
        ("holidays = 2027-01-01\nholidays = 2027-01-02", [(2, "calendar_list_twice")]),
        ("holidays = 2027-01-01\nfree = 2027-01-02", [(2, "calendar_no_list")]),
        ("holidays = 2027-01-02\nworkdays = 2027-01-02", [(2, "calendar_both")]),
        ("holidays = 2027-01-01\nworkdays = 2027-01-04", [(2, "calendar_works_anyway")]),
    ],
)
def test_every_fault_is_told_by_its_line(typed: str, found: list[tuple[int, str]]) -> None:
    """All of them at once."""
    assert found == wrong(typed)


@given(st.text(max_size=200))
def test_anything_may_be_typed(typed: str) -> None:
    """It is a calendar, or what is wrong with it is told."""
    wrong(typed)


def test_a_year_is_shown_by_months() -> None:
    """All its days once, each in the column of its weekday, and its working days counted."""
    months = holidays.months(OURS, 2026)
    days = [day for month in months for week in month.weeks for day in week if day]
    assert [date(2026, 1, 1) + timedelta(days=n) for n in range(365)] == days
    assert all(
        n == day.weekday()
        for month in months
        for week in month.weeks
        for n, day in enumerate(week)
        if day
    )
    assert sum(map(OURS.works, days)) == sum(month.working for month in months)
    # October 2026 has 22 days from Monday to Friday; five are free, and Saturday the 10th is not.
    assert 18 == months[9].working


def test_what_changes_is_told() -> None:
    """Which days are worked that were not, and which no longer are."""
    now = Calendar(
        holidays=OURS.holidays - {date(2026, 10, 7)} | {date(2026, 12, 24)},
        workdays=OURS.workdays | {date(2026, 12, 26)},
    )
    assert {"works": [date(2026, 10, 7), date(2026, 12, 26)], "rests": [date(2026, 12, 24)]} == (
        holidays.changed(OURS, now)
    )
    assert [2026] == holidays.years(now)
