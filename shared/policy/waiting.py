"""The sections of a policy for citizens who wait: that somebody has it, that it still goes on."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from shared.policy.calendar import Calendar
from shared.policy.guards import Hours
from shared.policy.kinds import mistake
from shared.policy.section import Part
from shared.values import clock

Few = Annotated[int, Field(strict=True, ge=1, le=100)]


class Acknowledgement(Part):
    """Somebody confirms to the citizen that they have it: within working days, or hours of them.

    Of neither nothing is owed: a callback of the same day says as much.
    """

    working_days: Few | None = None
    working_hours: Few | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.working_days and self.working_hours:
            raise mistake("working_hours", "stands beside working_days; write one of them")
        return self

    def due(
        self, since: datetime, opening: Hours, calendar: Calendar, zone: ZoneInfo
    ) -> datetime | None:
        """By when; None where nothing is owed. Hours count while units are open, on working days.

        Of days the one of receipt does not count, and the last ends at 24:00.
        """
        if self.working_days:
            day = calendar.working_day_after(clock.service_day(since, zone), self.working_days)
            return clock.end_of_day(day, zone)
        if self.working_hours:
            left = timedelta(hours=self.working_hours)
            return _worked(since, left, opening, calendar, zone)
        return None


class Progress(Part):
    """A case that is open past so many days owes the citizen a word, and after each the next.

    Without a number none is owed.
    """

    every_days: Few | None = None

    def due(self, since: datetime, zone: ZoneInfo) -> datetime | None:
        """By when: the end of that day."""
        return clock.days_after_due(since, self.every_days, zone) if self.every_days else None


def _worked(
    since: datetime, left: timedelta, opening: Hours, calendar: Calendar, zone: ZoneInfo
) -> datetime:
    """When so much time has passed during which units were open."""
    day = clock.service_day(since, zone)
    while True:
        opens, closes = _hours_of(day, opening, zone)
        begins = max(since, opens)
        if calendar.works(day) and begins < closes:
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        day += timedelta(days=1)


def _hours_of(day: date, opening: Hours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day's hours begin and end, in UTC: across a change of the clocks they stay as long."""
    return (
        clock.at_bureau(day, opening.opens, zone),
        clock.at_bureau(day, opening.closes, zone),
    )
