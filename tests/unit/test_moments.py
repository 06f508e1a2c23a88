"""When it happened, however it is written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.pages import moments

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 2, 7, 30, tzinfo=UTC)  # 15:30 at the bureau


def read(day: str, hour: str = "") -> str | list[str]:
    """The moment at the bureau, or the wrong fields."""
    at, wrong = moments.read(day, hour, NOW, ZONE)
    return f"{at:%Y-%m-%d %H:%M}" if at else [one.field for one in wrong]


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-07-01", "2026-07-01"), ("2026/7/1", "2026-07-01"), ("2026年7月1日", "2026-07-01"),
        ("26.7.1", "2026-07-01"), ("20260701", "2026-07-01"), ("7月1号", "2026-07-01"),
        ("7-1", "2026-07-01"), ("７月１日", "2026-07-01"), ("२०२६-७-१", "2026-07-01"),
        (" 7 月 1 日 ", "2026-07-01"), ("今天", "2026-07-02"), ("Yesterday", "2026-07-01"),
        ("前天", "2026-06-30"), ("12月31日", "2025-12-31"),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(typed: str, day: str) -> None:
    """Digits of other scripts, Chinese dates, words; without a year the last such day."""
    assert f"{day} 00:00" == read(typed)


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("14:47", "14:47"), ("14：47", "14:47"), ("14时47分", "14:47"), ("1447", "14:47"),
        ("14点", "14:00"), ("下午2点半", "14:30"), ("2pm", "14:00"), ("12am", "00:00"),
        ("上午9点", "09:00"), ("9", "09:00"), ("٩:٣٠", "09:30"), ("14:47:00", "14:47"),
        ("晚上8点", "20:00"), ("930", "09:30"),
    ],
)  # fmt: skip
def test_an_hour_is_read_however_it_is_written(typed: str, time: str) -> None:
    """As a clock shows it or as people say it."""
    assert f"2026-07-01 {time}" == read("昨天", typed)


@pytest.mark.parametrize(
    ("day", "hour", "wrong"),
    [
        ("2月30日", "", ["day"]), ("随便", "", ["day"]), ("13月1日", "", ["day"]),
        ("昨天", "25:00", ["hour"]), ("昨天", "一会儿", ["hour"]), ("", "14:00", ["day"]),
        ("x", "y", ["day", "hour"]), ("", "", []), (" ", "\u3000", []),
    ],
)  # fmt: skip
def test_what_is_no_time_is_named(day: str, hour: str, wrong: list[str]) -> None:
    """Each field by itself; nothing typed is nothing said."""
    assert wrong == read(day, hour)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_typed_is_read_or_named(day: str, hour: str) -> None:
    """No text breaks it."""
    at, wrong = moments.read(day, hour, NOW, ZONE)
    assert at is None or not wrong
    assert {one.field for one in wrong} <= {"day", "hour"}
