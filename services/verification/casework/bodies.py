"""What callers send: request bodies, form fields and query parameters."""

from datetime import date, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from services.verification.casework.rules import holds
from services.verification.casework.rules.verdicts import Decision, Draft
from services.verification.casework.store.lists import Due, Step
from shared.events import Attribution, CallbackOutcome, HeldReason, HoldOutcome, Verdict
from shared.values import text

Text = Annotated[str, AfterValidator(text.lines)]
Note = Annotated[Text, StringConstraints(max_length=2000)]
# PostgreSQL's text cannot hold a NUL.
Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Word = Annotated[Plain, StringConstraints(max_length=64)]
# A number, an id or a link among words; what it names is looked for by `find_said`.
CaseSaid = Annotated[Plain, StringConstraints(max_length=200)]
UnitCode = Annotated[Word, AfterValidator(text.identifier)]
Place = Annotated[Plain, StringConstraints(max_length=200)] | None
# A finding and an answer of 4,000 characters, each of them escaped (`%F0%9F%98%80`), are 96 kB.
VERDICT_LIMIT = 128 * 1024
# Who leads a case, beside names: none begins like this.
ME, NOBODY = "@me", "@nobody"


class Body(BaseModel):
    """A request body; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


class TemplateBody(Body):
    """POST /desk/templates: a new one, or the next version of the one that was seen."""

    template_id: Annotated[UUID | None, BeforeValidator(_blank_is_none)] = None
    version: int = Field(default=0, ge=0, le=1_000_000)
    title: Annotated[Plain, StringConstraints(max_length=60)]
    category: Annotated[Word | None, BeforeValidator(_blank_is_none)] = None
    body: Annotated[Text, StringConstraints(max_length=4000)]
    retired: bool = False


def _by_the_minute(at: time) -> time:
    return at.replace(second=0, microsecond=0, tzinfo=None)


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
ByTheMinute = Annotated[time, AfterValidator(_by_the_minute)]


class DutiesBody(Body):
    """POST /desk/directory/units/{code}/duties: the same hours on each of these days."""

    counter: int = Field(ge=1, le=99)
    badge: Word
    days: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    begins: ByTheMinute
    ends: ByTheMinute


class RemovalBody(Body):
    """POST /desk/directory/units/{code}/duties/removal."""

    ids: Annotated[tuple[Annotated[int, Field(ge=1, le=2**62)], ...], Field(max_length=500)] = ()


class CarryBody(Body):
    """POST /desk/directory/units/{code}/duties/again: into the week of this Monday."""

    week: Day


class QuestionsBody(Body):
    """POST /api/v1/cases/{id}/questions; one of the two is enough."""

    solved: Annotated[bool | None, BeforeValidator(_blank_is_none)] = None
    satisfied: Annotated[bool | None, BeforeValidator(_blank_is_none)] = None


class LeadBody(Body):
    """Who leads a case from now on, and a word for whoever had it."""

    who: Word
    word: Note = ""


class HelperBody(Body):
    """Who helps with a case from now on, or no more."""

    decision: Literal["join", "leave"]
    who: Word
    word: Note = ""


class BulkLeadBody(Body):
    """POST /desk/bulk/assign: who leads these from now on; `unit` is whose list it was."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    who: Word
    word: Note = ""
    unit: Annotated[UnitCode | None, BeforeValidator(_blank_is_none)] = None


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
    unit: Annotated[UnitCode | None, BeforeValidator(_blank_is_none)] = None

    @property
    def seen(self) -> dict[UUID, int]:
        """The revisions that were seen, by case."""
        return dict(map(_seen, self.ids))

    def verdict_on(self, revision: int) -> VerdictForm:
        """The verdict on one of them."""
        return VerdictForm(
            verdict=self.verdict, finding=self.finding, answer=self.answer, revision=revision
        )


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


class DecisionBody(Body):
    """What the level above says to a request."""

    request_id: UUID
    decision: Literal["grant", "refuse"]
    word: Note = ""


class HoldBody(Body):
    """POST /api/v1/holds/decisions: these, or `everything` held (of a unit, for a reason)."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    everything: bool = False
    unit: Annotated[UnitCode | None, BeforeValidator(_blank_is_none)] = None
    held: Annotated[HeldReason | None, BeforeValidator(_blank_is_none)] = None
    outcome: HoldOutcome
    reason: Note


class HoldQuery(BaseModel):
    """GET /api/v1/holds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: holds.State = "held"
    unit: UnitCode | None = None
    held: HeldReason | None = None


class AttributionBody(Body):
    """POST /desk/commendations/{id}. No badge takes back what was said before."""

    badge: Word = ""


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


class MineQuery(BaseModel):
    """GET /desk/mine: where each of its lists goes on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    led: Place = None
    reviews: Place = None
    requests: Place = None


class InboxQuery(ListQuery):
    """GET /desk. `q` is whatever somebody looks for; `words` where it is certainly words."""

    q: Annotated[Plain, StringConstraints(max_length=200)] | None = None
    words: bool = False


class ViewBody(Body):
    """POST /desk/views; `asked` is what stands in the address of the list."""

    title: Annotated[Plain, StringConstraints(max_length=40)]
    asked: Annotated[Plain, StringConstraints(max_length=1000)]


class ViewRemovalBody(Body):
    """POST /desk/views/removal."""

    title: Annotated[Plain, StringConstraints(max_length=40)]
