"""The one door through which time enters, and the pure functions of days and due times.

Python asks `now()`; SQL asks `mashang_now()`. Both are the wall clock plus an offset that is zero
in production and moved by tests and by the simulation.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_offset = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _offset


def offset() -> timedelta:
    """How far `now` is from the machine's clock: zero but in a simulation."""
    return _offset


def set_offset(offset: timedelta) -> None:
    """Move this process's clock; the database's is moved by `simulation_clock`."""
    global _offset
    _offset = offset


def service_day(at: datetime, zone: ZoneInfo = SHANGHAI) -> date:
    """The calendar day at the bureau on which `at` falls."""
    return at.astimezone(zone).date()


@lru_cache(64)
def end_of_day(day: date, zone: ZoneInfo = SHANGHAI) -> datetime:
    """24:00 of `day` at the bureau, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def at_bureau(day: date, at: time, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A time of a day at the bureau, in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def same_day_due(received_at: datetime, cutoff: time, zone: ZoneInfo = SHANGHAI) -> datetime:
    """When a same-day duty is due 「當天…完畢」.

    Received by the cutoff (inclusive): 24:00 that day; later: 24:00 the next day. Weekends and
    holidays do not pause it.
    """
    local = received_at.astimezone(zone)
    late = local.time() > cutoff
    return end_of_day(local.date() + timedelta(days=int(late)), zone)


def days_after_due(decided_at: datetime, days: int, zone: ZoneInfo = SHANGHAI) -> datetime:
    """The end of day D+`days` after a decision 「在2日內」."""
    return end_of_day(service_day(decided_at, zone) + timedelta(days=days), zone)
