"""The random review in JSON: public, and nobody's data."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from shared.events import Lot


class Day(BaseModel):
    """A day of the random review; seed and numbers are null until the day is over."""

    day: date
    commitment: str = Field(description="SHA-256 that the seed must fit, published beforehand")
    committed_at: datetime
    seed: str | None
    revealed_at: datetime | None
    cases: int | None = Field(description="lots that were drawn that day")
    drawn: int | None = Field(description="how many of them send the case to the level above")


class Days(BaseModel):
    """The newest days, or the newest before one."""

    days: list[Day]
    earlier: date | None = Field(description="the `before` that shows the days before these")


class WholeDay(Day):
    """A day with every lot: enough to draw it again."""

    lots: list[Lot]


class Found(Lot):
    """A case's lot on the day on which it was drawn."""

    day: date
