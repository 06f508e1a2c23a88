"""Which days are working days: no library knows next year's make-up days."""

from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import model_validator

from shared.policy.kinds import Day, Listed, mistake
from shared.policy.section import Part

_SATURDAY = 5


class Calendar(Part):
    """Which days are working days: Monday to Friday, but for these."""

    holidays: Annotated[frozenset[Day], Listed]
    workdays: Annotated[frozenset[Day], Listed]

    @model_validator(mode="after")
    def _a_day_is_one_of_them(self) -> Self:
        if both := self.holidays & self.workdays:
            raise mistake("workdays", f"{min(both)} is one of holidays")
        if idle := [day for day in self.workdays if day.weekday() < _SATURDAY]:
            raise mistake("workdays", f"{min(idle)} is a working day anyway")
        return self

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)

    def working_day_after(self, day: date, days: int) -> date:
        """The nth working day after a day."""
        while days:
            day += timedelta(days=1)
            days -= self.works(day)
        return day
