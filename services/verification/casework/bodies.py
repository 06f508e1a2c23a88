"""What callers send of one case: request bodies and form fields."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from services.verification.casework.fields import (
    Body,
    CaseSaid,
    Note,
    Plain,
    Text,
    Word,
    blank_is_none,
)
from services.verification.casework.rules.appeals import Instead
from services.verification.casework.rules.verdicts import LONGEST_TEXT, Decision, Draft
from shared.events import Attribution, CallbackOutcome, Verdict


class CallbackBody(Body):
    """POST /api/v1/cases/{id}/callbacks."""

    outcome: CallbackOutcome
    note: Note = ""


class VerdictBody(Body):
    """POST /api/v1/cases/{id}/verdicts; `revision` is the one that the caller has seen, 0 first.

    Without categories the citizen's own stand; `counters` are the windows that it is about, if that
    is said; `incident` is the number (or id) of another case of
    the same unit with which this one belongs, or of this one itself where it is to stand apart.
    """

    verdict: Verdict
    attribution: Attribution
    officers: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    categories: Annotated[tuple[Word, ...], Field(max_length=20)] | None = None
    counters: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], Field(max_length=99)] = ()
    finding: Text
    answer: Text
    incident: CaseSaid | None = None
    revision: int = Field(ge=0, le=1_000_000)

    def draft(self, categories: tuple[str, ...]) -> Draft:
        """The verdict for the rules; `categories` are the citizen's."""
        return Draft(
            self.verdict,
            self.attribution,
            tuple(dict.fromkeys(self.officers)),
            tuple(dict.fromkeys(categories if self.categories is None else self.categories)),
            self.finding,
            self.answer,
            self.revision,
            counters=tuple(dict.fromkeys(self.counters)),
        )


class VerdictForm(VerdictBody):
    """The desk's form: a box that is not ticked is a category that the verdict does not have.

    It asks only what the chosen verdict needs; what stands in the rest is not meant.
    """

    attribution: Attribution = "none"
    categories: Annotated[tuple[Word, ...], Field(max_length=20)] = ()

    def draft(self, categories: tuple[str, ...]) -> Draft:
        """The verdict without what it does not need."""
        return super().draft(categories).needed(categories)


class ConflictBody(Body):
    """POST /desk/cases/{id}/conflict: the other's text, one's own, or both together."""

    choice: Literal["take", "mine", "merge"]


class ReviewBody(Body):
    """POST /api/v1/cases/{id}/reviews; `revision` is the one that the reviewer has read."""

    decision: Decision
    note: Note = ""
    revision: int = Field(ge=1, le=1_000_000)


class CorrectionBody(VerdictBody):
    """POST /api/v1/cases/{id}/corrections: a reviewer's own verdict, and why it is another."""

    note: Note


class CorrectionForm(VerdictForm):
    """The same, from the review's page."""

    note: Note = ""


class RevealBody(Body):
    """POST /api/v1/cases/{id}/phone-reveals; the reason is asked for once a case and day."""

    reason: Note = ""


class RecusalBody(Body):
    """POST /api/v1/cases/{id}/recusals; `officer` as people write it, whoever asks if it is empty.

    `release` says that the case is not about the officer, or about nobody from whom it was kept.
    """

    decision: Literal["recuse", "release"]
    officer: Annotated[Plain, StringConstraints(max_length=60)] = ""
    reason: Note


class EvidenceBody(Body):
    """POST /desk/cases/{id}/evidence, beside the files."""

    about: Annotated[Text, StringConstraints(max_length=200)] = ""


class TemplateBody(Body):
    """POST /desk/templates: a new one, or the next version of the one that was seen."""

    template_id: Annotated[UUID | None, BeforeValidator(blank_is_none)] = None
    version: int = Field(default=0, ge=0, le=1_000_000)
    title: Annotated[Plain, StringConstraints(max_length=60)]
    category: Annotated[Word | None, BeforeValidator(blank_is_none)] = None
    body: Annotated[Text, StringConstraints(max_length=4000)]
    retired: bool = False


class QuestionsBody(Body):
    """POST /api/v1/cases/{id}/questions; one of the two is enough."""

    solved: Annotated[bool | None, BeforeValidator(blank_is_none)] = None
    satisfied: Annotated[bool | None, BeforeValidator(blank_is_none)] = None


class LeadBody(Body):
    """Who leads a case from now on, and a word for whoever had it."""

    who: Word
    word: Note = ""


class HelperBody(Body):
    """Who helps with a case from now on, or no more."""

    decision: Literal["join", "leave"]
    who: Word
    word: Note = ""


class ExtensionBody(Body):
    """More time for the verification, asked before it is due."""

    days: int = Field(ge=1, le=366)
    reason: Note


class IncidentBody(Body):
    """Whether a case is the same event as another, or none of those it is with."""

    decision: Literal["merge", "split"]
    incident: CaseSaid = ""
    reason: Note


class UnlikeBody(Body):
    """Another case of the unit that is another matter."""

    incident: CaseSaid
    word: Note = ""


class DisputeBody(Body):
    """Whom a case was assigned to does not want it."""

    reason: Note


class AppealBody(Body):
    """POST /api/v1/cases/{id}/appeal: an officer against the mark of a verdict; once."""

    officer: Word
    reason: Note


class OwnAppealBody(Body):
    """POST /api/v1/appeals: the same by the officer."""

    case_id: UUID
    reason: Note


class DecisionBody(Body):
    """What the level above says to a request.

    Where it grants an appeal: what stands instead, and what the citizen is told if nothing does.
    """

    request_id: UUID
    decision: Literal["grant", "refuse"]
    word: Note = ""
    instead: Annotated[Instead | None, BeforeValidator(blank_is_none)] = None
    answer: Annotated[Text, StringConstraints(max_length=LONGEST_TEXT)] = ""


class AttributionBody(Body):
    """POST /desk/commendations/{id}. No badge takes back what was said before."""

    badge: Word = ""
