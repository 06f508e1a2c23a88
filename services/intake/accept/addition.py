"""What a citizen adds to a submission, checked field by field."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.intake.accept import submission
from services.intake.accept.submission import (
    Attachments,
    Badge,
    Categories,
    Line,
    Optional,
    Words,
)


class Addition(BaseModel):
    """The body of `POST /api/v1/receipts/{receipt}/additions`. Blank text counts as absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: Categories = ()
    words: Annotated[Words | None, BeforeValidator(submission.free_text)] = None
    officer_badge: Annotated[Badge | None, Optional] = None
    officer_typed: Annotated[
        Line | None,
        BeforeValidator(submission.one_line),
        Field(description="an officer's name, as it was heard"),
    ] = None
    attachments: Attachments = Field(
        default=(),
        description="what `POST /api/v1/receipts/{receipt}/attachments` took under the same key",
    )

    @property
    def content(self) -> str:
        """As JSON; without photos it is what it always was, so that a repetition stays one."""
        return self.model_dump_json(exclude=None if self.attachments else {"attachments"})

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all."""
        said = (self.categories, self.words, self.officer_badge, self.officer_typed)
        return not any((*said, self.attachments))
