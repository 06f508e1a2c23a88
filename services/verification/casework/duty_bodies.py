"""What is sent of who stands at which window when."""

from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, Field

from services.verification.casework.fields import Body, Word


def _by_the_minute(at: time) -> time:
    return at.replace(second=0, microsecond=0, tzinfo=None)


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
ByTheMinute = Annotated[time, AfterValidator(_by_the_minute)]


class DutiesBody(Body):
    """POST /desk/directory/units/{code}/duties: the same hours on each of these days."""

    counter: int = Field(ge=1, le=99)
    badge: Word
    days: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    begins: ByTheMinute
    ends: ByTheMinute


class RemovalBody(Body):
    """POST /desk/directory/units/{code}/duties/removal."""

    ids: Annotated[tuple[Annotated[int, Field(ge=1, le=2**62)], ...], Field(max_length=500)] = ()


class CarryBody(Body):
    """POST /desk/directory/units/{code}/duties/again: into the week of this Monday."""

    week: Day
