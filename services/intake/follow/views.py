"""What the holder of a receipt may see: no words, no phone."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.intake.accept.views import PhoneUse
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


class Proof(BaseModel):
    """The signed statement that it was taken in."""

    key_id: str
    signed: str
    signature: str


class Account(BaseModel):
    """What became of a submission, its `text`s in the caller's language."""

    submission_id: UUID
    kind: Kind
    unit: Unit
    received_at: datetime
    phone: PhoneUse | None
    verdict: Verdict | None
    answer: str | None
    timeline: list[Line]
    proof: Proof

    @property
    def opened(self) -> bool:
        """Whether a case is open already."""
        return any(line.step == "opened" for line in self.timeline)
