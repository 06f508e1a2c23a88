"""What scoring answers with about a unit's points: each with its cases, and why it is so many."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.views import Unit
from shared.events import Attribution, Verdict


class CaseShown(BaseModel):
    """A case by what people call it and what was found."""

    case_id: UUID
    number: str = Field(description="empty for cases of before numbers were told, and hidden ones")
    received_at: datetime
    about: str = Field(description="its categories, in the language asked for")
    verdict: Verdict
    attribution: Attribution
    hidden: bool = Field(description="the inspection's: what it is about is not told to the reader")
    at_desk: bool = Field(description="whether the reader may open it at the desk")


class Basis(BaseModel):
    """How a deduction is reckoned: what it is for the category, and which part of that counts."""

    category: str | None = Field(description="none where the policy knows none of the case's")
    name: str
    whole_centipoints: int
    percent: int


class Entry(BaseModel):
    """One line of a unit's ledger, with the cases that it counts and the words of the rule."""

    entry_no: int
    case_id: UUID
    revision: int
    reason: str
    badge: str | None
    case_ids: list[UUID]
    delta_centipoints: int
    balance_centipoints: int
    changed_at: datetime
    edition: date | None = Field(description="the policy by which it was judged: its first day")
    rule: str = Field(description="the words of the rule, the article's own where it has them")
    basis: Basis | None = Field(description="while the verdict stands that took the points")
    cases: list[CaseShown] = Field(description="those of its cases that the reader may see")
    provisional: bool = Field(description="taken for an officer's mark that may still fall")


class Score(Unit):
    """A unit's balance and a page of its ledger, newest first."""

    balance_centipoints: int
    entries: list[Entry]
    next_before: int | None


class Day(BaseModel):
    """A day on which a balance changed: by how much, and what it was in the evening."""

    day: date
    change_centipoints: int
    balance_centipoints: int
    provisional_centipoints: int = Field(
        description="of the change: taken for marks that may still fall by an appeal"
    )


class Course(Unit):
    """How a balance came about since a day; `begin_centipoints` is what it was before that."""

    since: date
    begin_centipoints: int
    days: list[Day]


class IncidentShown(BaseModel):
    """What several complaints may be about; counted once, in the month of the first of them."""

    cases: list[CaseShown]
    centipoints: int = Field(description="what its cases take from the unit")


class MonthShown(BaseModel):
    """A month in which something was found true; so many `needed` make it prominent."""

    month: str
    incidents: list[IncidentShown]
    needed: int
    prominent: bool
    interview: bool


class Months(Unit):
    """The months of the last year in which something was found true, the newest first."""

    months: list[MonthShown]
