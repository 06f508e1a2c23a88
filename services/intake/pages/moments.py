"""When something happened, as people write it: `7月2日`, `昨天`, `2026-07-02`, `下午2点半`."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.errors import Wrong
from shared.values import text

_DAYS = {
    "今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2, "前日": 2,
    "大前天": 3,
}  # fmt: skip
_SEPARATED = re.compile(
    r"(?:(?P<year>[0-9]{2}|[0-9]{4})[-/.年])?(?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})[日号]?"
)
_WHOLE = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_HOUR = re.compile(
    r"(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里)?"
    r"(?P<hour>[0-9]{1,2})(?:[:.点时h](?P<half>半)?(?P<minute>[0-9]{1,2})?分?(?::[0-9]{2})?)?"
    r"(?P<half_day>am|pm)?"
)
_AFTERNOON = ("下午", "傍晚", "晚上", "夜里", "pm")
_NOON = 12


def read(day: str, hour: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, list[Wrong]]:
    """The moment, and what is wrong with the two fields; 0:00 where only the day is said."""
    today = now.astimezone(zone).date()
    on, at = _day(day, today), _time(hour)
    wrong = []
    if text.identifier(day) and on is None:
        wrong.append(Wrong("day", "wrong.day"))
    if text.identifier(hour) and at is None:
        wrong.append(Wrong("hour", "wrong.hour"))
    if text.identifier(hour) and not text.identifier(day):
        wrong.append(Wrong("day", "wrong.day_missing"))
    if on is None or wrong:
        return None, wrong
    return datetime.combine(on, at or time(), zone), []


def _day(typed: str, today: date) -> date | None:
    said = text.identifier(typed).lower()
    if said in _DAYS:
        return today - timedelta(days=_DAYS[said])
    found = _WHOLE.fullmatch(said) or _SEPARATED.fullmatch(said)
    if found is None:
        return None
    year = int(found["year"] or today.year)
    day = _date(year + 2000 if year < 100 else year, int(found["month"]), int(found["day"]))
    if day and day > today and not found["year"]:
        # Said without a year in January, a day in December was last year's.
        return _date(day.year - 1, day.month, day.day)
    return day


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(typed: str) -> time | None:
    said = text.identifier(typed).lower()
    if len(said) in (3, 4) and text.is_digits(said):
        said = f"{said[:-2]}:{said[-2:]}"
    found = _HOUR.fullmatch(said)
    if found is None:
        return None
    hour, minute = int(found["hour"]), 30 if found["half"] else int(found["minute"] or 0)
    if (found["part"] in _AFTERNOON or found["half_day"] == "pm") and hour < _NOON:
        hour += _NOON
    elif found["half_day"] == "am" and hour == _NOON:
        hour = 0
    try:
        return time(hour, minute)
    except ValueError:
        return None
