"""Which cases, held submissions or praise a list is to show, and views of it that are saved."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.verification.casework.fields import Body, CaseSaid, Plain, UnitCode, Word
from services.verification.casework.rules import holds
from services.verification.casework.store.lists import Due, Step
from shared.events import HeldReason

Place = Annotated[Plain, StringConstraints(max_length=200)] | None
# Who leads a case, beside names: none begins like this.
ME, NOBODY = "@me", "@nobody"


class HoldQuery(BaseModel):
    """GET /api/v1/holds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: holds.State = "held"
    unit: UnitCode | None = None
    held: HeldReason | None = None


class CommendationQuery(BaseModel):
    """GET /desk/commendations. `mine` are those that name the caller; `before` ends a page."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    unit: UnitCode | None = None
    mine: bool = False
    before: UUID | None = None


class ListQuery(BaseModel):
    """GET /api/v1/cases. `work` is everything with a duty that is not yet met.

    `step` is what has to be done: a call, the check, the second look; `who` leads it, as a name,
    or ME or NOBODY.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: Literal["work", "all", "open", "in_review", "verified"] = "work"
    due: Due | None = None
    unit: UnitCode | None = None
    category: Word | None = None
    step: Step | None = None
    who: Word | None = None
    urgent: bool = False
    submission_id: UUID | None = None
    number: CaseSaid | None = None
    cursor: Annotated[Plain, StringConstraints(max_length=200)] | None = None
    limit: int = Field(default=50, ge=1, le=100)


class InboxQuery(ListQuery):
    """GET /desk. `q` is whatever somebody looks for; `words` where it is certainly words."""

    q: Annotated[Plain, StringConstraints(max_length=200)] | None = None
    words: bool = False


class MineQuery(BaseModel):
    """GET /desk/mine: where each of its lists goes on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    led: Place = None
    reviews: Place = None
    requests: Place = None


class ViewBody(Body):
    """POST /desk/views; `asked` is what stands in the address of the list."""

    title: Annotated[Plain, StringConstraints(max_length=40)]
    asked: Annotated[Plain, StringConstraints(max_length=1000)]


class ViewRemovalBody(Body):
    """POST /desk/views/removal."""

    title: Annotated[Plain, StringConstraints(max_length=40)]
