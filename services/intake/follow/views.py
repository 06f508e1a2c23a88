"""What the holder of a receipt may see: no words, no phone."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.accept.views import PhoneUse, Proof
from services.intake.follow.standing import Act, Headline, RewardStands
from services.intake.follow.story import Waits
from shared.events import Kind, Verdict


class Unit(BaseModel):
    """The window it was handed in at."""

    code: str
    name: str
    counter: int | None


class Line(BaseModel):
    """A line of the story; `waiting` is still to come and due at `at`, `late` is overdue."""

    at: datetime
    step: str
    text: str
    waiting: bool
    late: bool


class Reward(BaseModel):
    """The reward of a complaint that was found true; only what is scheduled is promised a time."""

    state: RewardStands
    amount_fen: int
    at: datetime | None
    due_at: datetime | None
    late: bool
    reason: str | None = Field(description="why there is none")
    text: str


class Rating(BaseModel):
    """The citizen's newest answers to the two questions."""

    solved: bool | None
    satisfied: bool | None
    rated_at: datetime


class Noted(BaseModel):
    """What was said is stored."""

    at: datetime


class CodeSent(BaseModel):
    """The same for every phone, whatever we know of it."""

    phone: str = Field(description="masked")
    expires_at: datetime


class Bound(BaseModel):
    """The phone that belongs to the submission from now on."""

    phone: str = Field(description="masked")
    airtime: bool = Field(description="it can get the reward of a substantiated complaint")


class Tried(BaseModel):
    """What became of a typed code; kept for repeats, told by status and problem."""

    left: int = 0
    bound: Bound | None = None


class Account(BaseModel):
    """What became of a submission, its `text`s in the caller's language."""

    submission_id: UUID
    kind: Kind
    unit: Unit
    received_at: datetime
    policy_from: date = Field(description="the rules by which it is judged: their first day")
    phone: PhoneUse | None
    verdict: Verdict | None
    answer: str | None
    headline: Headline
    waits: Waits | None = None
    reward: Reward | None
    rating: Rating | None
    unsolved: bool = Field(description="answered, and the citizen says that it is not solved")
    withdrawn: bool
    may: list[Act] = Field(description="what the citizen may do now")
    followup_until: datetime | None
    phone_masked: str | None = Field(description="the phone that counts")
    timeline: list[Line]
    proof: Proof

    @property
    def opened(self) -> bool:
        """Whether a case is open already."""
        return any(line.step == "opened" for line in self.timeline)
