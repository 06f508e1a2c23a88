"""How long a duty may take, and until when that is."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from shared.policy.calendar import Calendar
from shared.policy.kinds import Cutoff, Hours, mistake
from shared.policy.section import Part
from shared.values import clock

Spell = Annotated[int, Field(strict=True, ge=0, le=366)]


class Within(Part):
    """So many hours, or to the end of so many days or working days after the first.

    The first is the day itself by the cutoff, later the next; 0 days end on it.
    """

    hours: Hours | None = None
    days: Spell | None = None
    working_days: Spell | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"stands with {given[0]}" if given else "missing; or days, or working_days"
            raise mistake(given[1] if given else "hours", told)
        return self

    def ends(self, since: datetime, cutoff: Cutoff, calendar: Calendar, zone: ZoneInfo) -> datetime:
        """When what began at a time is due."""
        if self.hours is not None:
            return since + timedelta(hours=self.hours)
        first = clock.first_day(since, cutoff, zone)
        if self.days is not None:
            return clock.end_of_day(first + timedelta(days=self.days), zone)
        return clock.end_of_day(calendar.working_day_after(first, self.working_days or 0), zone)


SAME_DAY = Within(days=0)


class Duty(Part):
    """What is owed to a citizen and by when; graded by urgency and by category where it is."""

    cutoff: Cutoff
    within: Within = SAME_DAY
    urgent_within: Within | None = None
    category_within: Mapping[str, Within] = Field(default_factory=dict)

    @property
    def is_graded(self) -> bool:
        """Whether it is not the same for everything."""
        return bool(self.category_within or self.urgent_within)

    def spells(self, categories: Collection[str], *, urgent: bool) -> Iterator[Within]:
        """All that apply, of which the shortest counts."""
        graded = [self.category_within[one] for one in categories if one in self.category_within]
        if urgent and self.urgent_within:
            graded.append(self.urgent_within)
        yield from graded or (self.within,)
