"""The policy as it stands in its file, and the days that follow from it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class Edition:
    """One [[policy]]."""

    rule: Mapping[str, Any]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The bureau's."""
        return ZoneInfo(self.rule["timezone"])

    def day(self, at: datetime) -> date:
        """The day at the bureau."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """24:00 of a day."""
        return datetime.combine(day + DAY, time(), self.zone)

    def due(
        self, at: datetime, part: str, categories: Sequence[str] = (), *, urgent: bool = False
    ) -> datetime:
        """Rules 4 and 5: received by the cutoff, due at 24:00 that day; later, the next day.

        Where the policy gives another spell, or others to what is urgent or of some category, the
        shortest of them.
        """
        rule = self.rule[part]
        known = rule.get("category_within", {})
        spells = [known[name] for name in categories if name in known]
        if urgent and "urgent_within" in rule:
            spells.append(rule["urgent_within"])
        spells = spells or [rule.get("within", {"days": 0})]
        return min(self._ends(at, rule["cutoff"], spell) for spell in spells)

    def _ends(self, at: datetime, cutoff: str, spell: Mapping[str, int]) -> datetime:
        if "hours" in spell:
            return at + timedelta(hours=spell["hours"])
        hour, minute = map(int, cutoff.split(":"))
        late = at.astimezone(self.zone).time() > time(hour, minute)
        first = self.day(at) + DAY * late
        if "days" in spell:
            return self.midnight(first + DAY * spell["days"])
        return self.midnight(self.working_days_after(first, spell["working_days"]))

    def urgent(self, kind: str, words: str) -> bool:
        """Rule 3: a request with one of the policy's words."""
        return kind == "request" and any(one in words for one in self.rule["urgent"]["words"])

    def working_days_after(self, day: date, number: int) -> date:
        """Monday to Friday, without holidays, with make-up days."""
        calendar = self.rule["calendar"]
        while number:
            day += DAY
            usual = day.weekday() < SATURDAY and day not in calendar["holidays"]
            number -= usual or day in calendar["workdays"]
        return day


@dataclass(frozen=True)
class Book:
    """All editions, the oldest first."""

    editions: Sequence[Edition]

    @classmethod
    def read(cls, file: Path) -> "Book":
        """From the file that the services read."""
        found = tomllib.loads(file.read_text("utf-8-sig"))["policy"]
        ordered = sorted(found, key=lambda one: one["effective_from"])
        return cls([Edition(one) for one in ordered])

    def at(self, received: datetime) -> Edition:
        """A case is judged by the policy in force when it was received."""
        day = self.editions[-1].day(received)
        return [one for one in self.editions if one.rule["effective_from"] <= day][-1]
