"""The duty roster: who stands at which window from when until when."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Duty:
    """One officer at one window; `duty_id` once it is stored."""

    unit_code: str
    counter: int
    badge: str
    starts_at: datetime
    ends_at: datetime
    duty_id: int = 0

    def meets(self, other: "Duty") -> bool:
        """Whether the same officer would stand in two places at a time."""
        apart = self.ends_at <= other.starts_at or other.ends_at <= self.starts_at
        return self.badge == other.badge and not apart


@dataclass(frozen=True)
class When:
    """When something was at a window: the day at the bureau, and the moment, if that is known."""

    begins: datetime
    ends: datetime
    at: datetime | None


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def day_of(moment: datetime, zone: ZoneInfo) -> When:
    """A moment, and its day."""
    begins = start_of(moment.astimezone(zone).date(), zone)
    return When(begins, begins + timedelta(days=1), moment)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """0:00 of a day at the bureau."""
    return datetime.combine(day, time(), zone)


def first_clash(duty: Duty, others: Iterable[Duty]) -> Duty | None:
    """A duty that the officer of this one has at the same time."""
    return next((one for one in others if duty.meets(one)), None)


def a_week_later(duty: Duty, zone: ZoneInfo) -> Duty:
    """The same hours by the bureau's clock."""
    start, end = (at.astimezone(zone) + WEEK for at in (duty.starts_at, duty.ends_at))
    return replace(duty, starts_at=start, ends_at=end, duty_id=0)


def carried_over(
    before: Sequence[Duty], there: Sequence[Duty], officers: Collection[str], zone: ZoneInfo
) -> list[Duty]:
    """Last week's duties that fit into this one: of officers who are still here, and free then."""
    taken, fitting = list(there), []
    for duty in before:
        now = a_week_later(duty, zone)
        if now.badge in officers and first_clash(now, taken) is None:
            taken.append(now)
            fitting.append(now)
    return fitting


def at_the_window(duties: Sequence[Duty], counter: int | None, when: When) -> frozenset[str]:
    """The badges of the only officers whom somebody can have met at that window at that time.

    After hours those who stood there earlier that day. Where no window is named there must have
    been only one with anybody at it.
    """
    there = [one for one in duties if counter in (None, one.counter)]
    if when.at is not None:
        at = when.at
        begun = [one for one in there if one.starts_at <= at]
        there = [one for one in begun if at < one.ends_at] or begun
    windows = {one.counter for one in there}
    return frozenset(one.badge for one in there) if len(windows) == 1 else frozenset()
