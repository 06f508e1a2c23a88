"""What anybody may know, in JSON; a number that stays hidden is null."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Number = int | None


class Counts(BaseModel):
    """One kind of submission in one month of receipt, or in all months shown ("all")."""

    month: str = Field(description="YYYY-MM, or all")
    kind: Literal["complaint", "request", "rating"]
    received: Number
    state_open: Number
    state_substantiated: Number
    state_partly: Number
    state_unsubstantiated: Number
    state_helped: Number
    state_unverifiable: Number
    state_out_of_scope: Number
    state_none: Number
    pace_on_time: Number
    pace_late: Number
    pace_waiting: Number
    pace_none: Number
    verified_same_day: Number
    extended: Number
    call_owed: Number
    call_on_time: Number
    call_late: Number
    call_unreached: Number
    call_waiting: Number
    call_none: Number
    same_day: Number
    answered: Number
    solved_yes: Number
    solved_no: Number
    solved_silent: Number
    satisfied_yes: Number
    satisfied_no: Number
    satisfied_silent: Number
    paid: Number
    paid_fen: Number


class Satisfaction(BaseModel):
    """How satisfied they were who came by themselves, or whom a draw had invited.

    `low` and `high` are the ends of the 95 % interval of `share`.
    """

    month: str = Field(description="YYYY-MM, or all")
    source: Literal["volunteered", "invited"]
    drawn: Number = Field(description="how many a draw invited in this month")
    rated: Number
    satisfied: Number
    share: float | None
    low: float | None
    high: float | None


class Open(BaseModel):
    """All open figures."""

    counted_at: datetime | None
    timezone: str
    units: int
    counts: list[Counts]
    satisfaction: list[Satisfaction]


class Column(BaseModel):
    """What a column of a download means."""

    table: Literal["counts", "satisfaction"]
    name: str
    zh: str
    en: str


class Dictionary(BaseModel):
    """Every column of every table, in both languages, and how hidden numbers are written."""

    columns: list[Column]
    hidden: str = Field(description="what a CSV holds where JSON has null")
