"""What citizens are told of their own data."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.privacy.store import Kind
from shared import events

WORDS = 2000
Outcome = Literal["shown", "added", "noted", "done", "soon", "later"]


class Wish(BaseModel):
    """What is asked for. `known` shows that it is one's own: the phone, or how the words begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    known: Annotated[str, Field(max_length=200)] = ""
    words: Annotated[str, Field(max_length=WORDS, description="what to correct")] = ""


class Later(BaseModel):
    """Something that was written after the submission."""

    at: datetime
    words: str


class Attachment(BaseModel):
    """A photo or a recording as it lies here, in base64."""

    kind: Literal["photo", "voice"]
    media_type: Literal["image/jpeg", "audio/ogg"]
    content: str


class Copy(BaseModel):
    """Everything that is held of a submission and says something of a person."""

    submission_id: UUID
    kind: events.Kind
    unit_code: str
    counter: int | None
    received_at: datetime
    satisfaction: int | None
    categories: tuple[str, ...]
    words: str | None
    phone: str | None
    officer_badge: str | None
    further: dict[str, object] = Field(description="when, which matter, how to call, the consent")
    added: list[Later]
    attachments: list[Attachment]
    erased_at: datetime | None


class Answer(BaseModel):
    """What became of a wish.

    `added` reached the desk, `noted` lies beside the submission; a deletion is `done`, comes `soon`
    (within the hour) or `later`, when the case is closed and nothing is owed.
    """

    kind: Kind
    outcome: Outcome
    data: Copy | None = None


class Overview(BaseModel):
    """What lies here, for whoever holds the receipt: nothing of the content."""

    words: bool
    phone: bool
    attachments: int
    kept_until: datetime
    owed: bool
    deletion_asked_at: datetime | None
    erased_at: datetime | None

    @property
    def empty(self) -> bool:
        """Nothing personal lies here any more."""
        return not (self.words or self.phone or self.attachments)
