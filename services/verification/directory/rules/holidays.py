"""A calendar of working days as typed: read line by line, and written as the policy has it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from shared.errors import Wrong
from shared.policy.calendar import Calendar
from shared.policy.kinds import YEARS

LISTS = ("holidays", "workdays")
_SATURDAY = 5
_HEAD = re.compile(r"\[+\s*(policy\.)?calendar\s*\]+")
_LIST = re.compile(r"(\w+)\s*=\s*(.*)")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_BETWEEN = re.compile(r"[\s,，、;；\[\]\"']+")
_A_ROW = 7


@dataclass
class Read:
    """What stood there, each day with its line, and what is wrong."""

    days: dict[str, dict[date, int]] = field(default_factory=dict)
    wrongs: list[Wrong] = field(default_factory=list)

    def refuse(self, line: int, key: str, **values: object) -> None:
        """Note what is wrong in a line."""
        self.wrongs.append(Wrong(f"calendar.{line}", key, line=line, **values))


@dataclass(frozen=True)
class Month:
    """A month by weeks, whose days before the first and after the last are None."""

    first: date
    weeks: Sequence[Sequence[date | None]]
    working: int


def read(typed: str) -> tuple[Calendar | None, Sequence[Wrong]]:
    """The calendar, or everything that is wrong with it, by line."""
    found, current = Read(), ""
    for number, whole in enumerate(typed.splitlines(), 1):
        line = whole.partition("#")[0].strip()
        if line and not _HEAD.fullmatch(line):
            current = _line(found, number, line, current)
    _compare(found)
    if not found.wrongs and not found.days.get("holidays"):
        found.refuse(1, "calendar_empty")
    if found.wrongs:
        return None, sorted(found.wrongs, key=lambda wrong: int(str(wrong.values["line"])))
    days = {name: frozenset(found.days.get(name, ())) for name in LISTS}
    return Calendar.model_validate(days), ()


def _line(found: Read, number: int, line: str, current: str) -> str:
    """One line; in which list the next one is."""
    if begun := _LIST.fullmatch(line):
        current, line = begun[1], begun[2]
        if current not in LISTS:
            found.refuse(number, "calendar_no_list", said=current[:20])
        elif current in found.days:
            found.refuse(number, "calendar_list_twice", said=current)
        found.days.setdefault(current, {})
    for said in filter(None, _BETWEEN.split(line)):
        day = _day(said)
        if day is None:
            found.refuse(number, "calendar_no_day", said=said[:20])
        elif not current:
            found.refuse(number, "calendar_outside", said=said[:20])
        elif (before := found.days[current].setdefault(day, number)) != number:
            found.refuse(number, "calendar_twice", said=day.isoformat(), before=before)
    return current


def _day(said: str) -> date | None:
    parts = _DAY.fullmatch(said)
    try:
        day = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _compare(found: Read) -> None:
    holidays, workdays = (found.days.get(name, {}) for name in LISTS)
    for day, number in workdays.items():
        if day in holidays:
            found.refuse(number, "calendar_both", said=day.isoformat(), before=holidays[day])
        elif day.weekday() < _SATURDAY:
            found.refuse(number, "calendar_works_anyway", said=day.isoformat())


def written(calendar: Calendar) -> str:
    """As it stands in the policy file, a line for days of one month."""
    return "\n".join(["[policy.calendar]", *map(_listed, LISTS, _days(calendar)), ""])


def _days(calendar: Calendar) -> Iterator[list[date]]:
    yield from (sorted(getattr(calendar, name)) for name in LISTS)


def _listed(name: str, days: Sequence[date]) -> str:
    rows: list[list[str]] = []
    month = None
    for day in days:
        if (day.year, day.month) != month or len(rows[-1]) == _A_ROW:
            rows.append([])
        month = (day.year, day.month)
        rows[-1].append(day.isoformat())
    return "\n".join([f"{name} = [", *(f"  {', '.join(row)}," for row in rows), "]"])


def months(calendar: Calendar, year: int) -> list[Month]:
    """A year's months with their working days."""
    return [_month(calendar, date(year, number, 1)) for number in range(1, 13)]


def _month(calendar: Calendar, first: date) -> Month:
    days = [first + timedelta(days=n) for n in range(31)]
    days = [day for day in days if day.month == first.month]
    cells: list[date | None] = [None] * first.weekday() + [*days]
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[n : n + 7] for n in range(0, len(cells), 7)]
    return Month(first, weeks, sum(map(calendar.works, days)))


def changed(was: Calendar, now: Calendar) -> Mapping[str, Sequence[date]]:
    """Which days would work that did not, and the other way round."""
    days = sorted(was.holidays | was.workdays | now.holidays | now.workdays)
    moved = [day for day in days if was.works(day) != now.works(day)]
    return {
        "works": [day for day in moved if now.works(day)],
        "rests": [day for day in moved if was.works(day)],
    }


def years(calendar: Calendar) -> list[int]:
    """Of which there are days in it."""
    return sorted({day.year for day in calendar.holidays | calendar.workdays})
