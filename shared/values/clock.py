"""The one door through which time enters, and the pure functions of days and due times.

Python asks `now()`; SQL asks `mashang_now()`. Both are the wall clock plus an offset that is zero
in production and moved by tests and by the simulation.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_offset = timedelta()
_home = SHANGHAI


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


def home() -> ZoneInfo:
    """The bureau's time zone, in which days are counted and times shown."""
    return _home


def set_home(zone: ZoneInfo) -> None:
    """Make it another, as the policy names it; once, at a service's start."""
    global _home
    _home = zone


def service_day(at: datetime, zone: ZoneInfo | None = None) -> date:
    """The calendar day at the bureau on which `at` falls."""
    return at.astimezone(zone or _home).date()


def end_of_day(day: date, zone: ZoneInfo | None = None) -> datetime:
    """24:00 of `day` at the bureau, in UTC."""
    return _end_of_day(day, zone or _home)


@lru_cache(64)
def _end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def at_bureau(day: date, at: time, zone: ZoneInfo | None = None) -> datetime:
    """A time of a day at the bureau, in UTC."""
    return datetime.combine(day, at, zone or _home).astimezone(UTC)


def first_day(received_at: datetime, cutoff: time, zone: ZoneInfo | None = None) -> date:
    """The day from which a duty counts: by the cutoff (inclusive) the same, later the next.

    Weekends and holidays do not put it off.
    """
    local = received_at.astimezone(zone or _home)
    return local.date() + timedelta(days=int(local.time() > cutoff))


def days_after_due(decided_at: datetime, days: int, zone: ZoneInfo | None = None) -> datetime:
    """The end of day D+`days` after a decision 「在2日內」."""
    return end_of_day(service_day(decided_at, zone) + timedelta(days=days), zone)
