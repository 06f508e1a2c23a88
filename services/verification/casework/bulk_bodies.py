"""What is sent of many cases, or of many submissions, at once."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from services.verification.casework.bodies import VerdictForm
from services.verification.casework.fields import (
    Body,
    Note,
    Text,
    UnitCode,
    Word,
    blank_is_none,
)
from shared.events import HeldReason, HoldOutcome


class BulkLeadBody(Body):
    """POST /desk/bulk/assign: who leads these from now on; `unit` is whose list it was."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    who: Word
    word: Note = ""
    unit: Annotated[UnitCode | None, BeforeValidator(blank_is_none)] = None


class BulkMergeBody(Body):
    """POST /desk/bulk/merge: these are the same event as one of them."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    into: Annotated[UUID | None, BeforeValidator(blank_is_none)] = None
    reason: Note


def _seen(said: str) -> tuple[UUID, int]:
    case_id, _, revision = said.partition(".")
    return UUID(case_id), int(revision)


# A case and the revision of it that was seen.
Seen = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,6}$")
]


class BulkAnswerBody(Body):
    """POST /desk/bulk/answer: one verdict for each of these bare ratings.

    Of what is substantiated somebody says case by case to whom it is attributed. `unit` is
    whose list it was.
    """

    ids: Annotated[tuple[Seen, ...], Field(max_length=100)] = ()
    verdict: Literal["unsubstantiated", "helped", "unverifiable", "out_of_scope"]
    finding: Text
    answer: Text
    unit: Annotated[UnitCode | None, BeforeValidator(blank_is_none)] = None

    @property
    def seen(self) -> dict[UUID, int]:
        """The revisions that were seen, by case."""
        return dict(map(_seen, self.ids))

    def verdict_on(self, revision: int) -> VerdictForm:
        """The verdict on one of them."""
        return VerdictForm(
            verdict=self.verdict, finding=self.finding, answer=self.answer, revision=revision
        )


class HoldBody(Body):
    """POST /api/v1/holds/decisions: these, or `everything` held (of a unit, for a reason)."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    everything: bool = False
    unit: Annotated[UnitCode | None, BeforeValidator(blank_is_none)] = None
    held: Annotated[HeldReason | None, BeforeValidator(blank_is_none)] = None
    outcome: HoldOutcome
    reason: Note
