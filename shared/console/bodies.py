"""What the console's pages are asked, and what their forms bring."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.console.acts import What
from shared.console.processes import MOST_MINUTES, Level
from shared.console.waiting import FIRST, Moment, Wanted
from shared.values import text

MOST_REASON = 200
NEWEST = 2**62
Board = Literal["overview", "service", "bus", "deadlines", "money"]
Hours = Literal["1", "6", "24", "168", "672"]
Reason = Annotated[str, AfterValidator(text.line), Field(max_length=MOST_REASON)]


class Asked(Wanted):
    """A filter as a form sends it: what is left blank is not asked for."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, typed: Any) -> Any:
        if not isinstance(typed, dict):
            return typed
        return {name: value for name, value in typed.items() if value != ""}

    @property
    def wanted(self) -> Wanted:
        """The filter alone."""
        return Wanted.model_validate(self.model_dump(include=set(Wanted.model_fields)))


class ListQuery(Asked):
    """A page of the list: behind the event that has waited since then."""

    since: Moment = FIRST[0]
    last: UUID = FIRST[1]


class ActQuery(Asked):
    """What somebody means to do, to be confirmed."""

    act: What = "replay"


class ActBody(ActQuery):
    """Confirmed: for what reason."""

    reason: Reason = ""


class LevelBody(BaseModel):
    """How loud all processes of the service shall be, for how long, what for."""

    model_config = ConfigDict(frozen=True)

    level: Level
    minutes: int = Field(30, ge=1, le=MOST_MINUTES)
    reason: Reason = ""


class ChartsQuery(BaseModel):
    """Which board, and of how many hours until now."""

    board: Board = "overview"
    hours: Hours = "6"


class ActsQuery(BaseModel):
    """Acts before one."""

    before: int = Field(NEWEST, ge=0, le=NEWEST)

    @classmethod
    def behind(cls, act_id: int) -> Self:
        """Those before this one."""
        return cls(before=act_id)
