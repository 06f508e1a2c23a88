"""What scoring answers with, and what it may be asked for."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

LAST = 2**31 - 1
Number = Annotated[int, Field(ge=0, le=LAST)]
Limit = Annotated[int, Field(ge=1, le=200)]


class Query(BaseModel):
    """Query parameters; what is not known is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EntriesQuery(Query):
    """`before`: the last entry_no shown on the page before."""

    before: Number = LAST
    limit: Limit = 50


class CriticismsQuery(Query):
    """`after`: the last number shown on the page before; `year` is this one by default."""

    year: Annotated[int, Field(ge=1, le=date.max.year)] | None = None
    after: Number = 0
    limit: Limit = 50


class UnitsQuery(Query):
    """`after`: the last unit shown on the page before."""

    after: str = ""
    limit: Limit = 50


class Figures(BaseModel):
    """The public table of rule 16, as far as scoring knows it."""

    cases: int
    complaints: int
    called_back: int
    called_back_in_time: int
    called_back_same_day: int
    verified: int
    verified_in_time: int = Field(description="the first verdict was handed in before it was due")
    verified_same_day: int = Field(description="and on the calendar day of receipt")
    substantiated: int
    rated: int = Field(description="of the complaints: how many citizens answered a question")
    solved: int
    not_solved: int = Field(description="answered, and the citizen says that it is not solved")
    satisfied: int
    not_satisfied: int
    asked_by_sms: int = Field(
        description="of the complaints: whom the two questions reached by SMS"
    )
    answered_of_asked: int = Field(
        description="and who has answered about that verdict, in whatever way"
    )
    criticisms: int
    rewards_paid: int
    rewards_paid_fen: int
    rewards_held: int
    rewards_manual: int
    rewards_withdrawn: int
    rewards_refused: int
    rewards_reversed: int
    points_deducted_centipoints: int


class Unit(BaseModel):
    """A unit, and the place above it."""

    unit_code: str
    name: str
    parent: str


class Month(BaseModel):
    """Ratings of a month by level."""

    month: str
    levels: dict[int, int]


class Satisfaction(Unit):
    """Ratings by month, the newest first."""

    months: list[Month]


class StrikeShown(BaseModel):
    """An incident that counts, its first complaint, and which one of the window it is."""

    year: int
    number: int
    incident_id: UUID
    unit_code: str
    received_at: datetime
    case_ids: list[UUID]
    provisional_until: datetime | None = Field(description="until then the officer may appeal")
    appealed: bool = Field(description="provisional until an appeal is answered")


class Mark(BaseModel):
    """A mark set (+1) or taken back (−1)."""

    case_id: UUID
    incident_id: UUID
    revision: int
    year: int
    delta: int
    changed_at: datetime


class Strikes(BaseModel):
    """An officer's strikes in force, and the ledger they follow from."""

    badge: str
    name: str
    unit_code: str
    active: bool
    strikes: list[StrikeShown]
    ledger: list[Mark]


class Criticism(BaseModel):
    """A circulated criticism, in force unless it was withdrawn."""

    year: int
    number: int
    title: str
    case_id: UUID
    unit_code: str
    unit_name: str | None
    issued_at: datetime
    withdrawn_at: datetime | None
    in_force: bool


class Criticisms(BaseModel):
    """A page of a year's criticisms by number."""

    year: int
    criticisms: list[Criticism]
    next_after: int | None
