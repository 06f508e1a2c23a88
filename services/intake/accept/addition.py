"""What a citizen adds to a submission, checked field by field."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.intake.accept import submission
from services.intake.accept.submission import Badge, Categories, Line, Optional, Words


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

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all."""
        return not (self.categories or self.words or self.officer_badge or self.officer_typed)
