"""The case, which submissions open one, and by when it is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.verification.casework.rules import promising
from services.verification.casework.rules.promising import Owed
from shared.access import Role
from shared.events import (
    Attribution,
    CallbackState,
    CallTime,
    CaseOpened,
    Channel,
    Language,
    SubmissionAdded,
    SubmissionReceived,
    Verdict,
)
from shared.policy import Policy, promises
from shared.values import phone
from shared.values.phone import Use
from shared.values.seal import Seal

State = Literal["open", "in_review", "verified"]
# What a citizen sends opens a case of its kind; of a report of pressure no other service hears.
CaseKind = Literal["rating", "complaint", "request", "pressure"]
_DISSATISFIED, _SATISFIED = 2, 4
_FROM_SUBMISSION = (
    "submission_id", "kind", "unit_code", "counter", "satisfaction", "categories", "words_sealed",
    "phone_sealed", "phone_index", "officer_badge", "urgent", "language", "received_at", "channel",
    "reasons", "occurred_at", "matter", "officer_typed_sealed", "call_time", "call_language",
    "attachments", "held",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A case as it stands.

        open ──verdict──▶ verified ◀──confirmed── in_review ◀──verdict── open
        in_review, verified (sampled) ──returned──▶ open
        verified ──changed, to what must wait──▶ in_review
        any ──the citizen does not accept the verdict──▶ open, for the level above `decided_by`

    `verified_at` stopped the verification's clock; `final_at` is when the verdict took effect.
    `phone_refused`: no vendor tops the phone up, by their own word.
    `recused` are the identities from which it is kept, see `recusals`; `number` is what people call
    it by, given when it is stored; `erased_at` is when phone, words and photos were forgotten.
    `lead` and `helpers` were asked to work on it, see `assigning`; what is owed to the citizen
    until the verdict stands in `words`. An urgent request that nobody has acknowledged pages at
    `page_due_at` (see `paging`), as it did `paged` times. `traceparent` is the citizen's trace.
    """

    case_id: UUID
    submission_id: UUID
    incident_id: UUID
    kind: CaseKind
    unit_code: str
    urgent: bool
    language: Language
    received_at: datetime
    opened_at: datetime
    callback_due_at: datetime
    verification_due_at: datetime
    callback_state: CallbackState
    counter: int | None = None
    satisfaction: int | None = None
    categories: tuple[str, ...] = ()
    words_sealed: str | None = None
    phone_sealed: str | None = None
    phone_index: str | None = None
    phone_refused: bool = False
    officer_badge: str | None = None
    channel: Channel = "page"
    reasons: tuple[int, ...] = ()
    occurred_at: datetime | None = None
    matter: str | None = None
    officer_typed_sealed: str | None = None
    call_time: CallTime | None = None
    call_language: str | None = None
    consent: Mapping[str, Any] | None = None
    attachments: tuple[str, ...] = ()
    held: str | None = None
    callback_settled_at: datetime | None = None
    state: State = "open"
    revision: int = 0
    verdict: Verdict | None = None
    attribution: Attribution | None = None
    officers: tuple[str, ...] = ()
    verified_at: datetime | None = None
    final_at: datetime | None = None
    review_due_at: datetime | None = None
    review_pending: bool = False
    next_due_at: datetime | None = None
    recused: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    examined: int = -1
    number: str = ""
    about: UUID | None = None
    reschedules: int = 0
    reopened_at: datetime | None = None
    decided_by: str | None = None
    decided_role: Role | None = None
    withdrawal: int = 0
    withdrawn_at: datetime | None = None
    rating: int = 0
    solved: bool | None = None
    satisfied: bool | None = None
    erased_at: datetime | None = None
    lead: str | None = None
    helpers: tuple[str, ...] = ()
    extensions: int = 0
    word_owed: Owed | None = None
    word_due_at: datetime | None = None
    words_given: int = 0
    page_due_at: datetime | None = None
    paged: int = 0
    traceparent: str | None = None

    @property
    def under_review(self) -> bool:
        """Whether the level above has to look at the verdict."""
        return self.state == "in_review" or self.review_pending

    @property
    def is_told(self) -> bool:
        """Whether the other services hear of it."""
        return self.kind != "pressure"

    @property
    def is_answered(self) -> bool:
        """Whether the citizen has an answer of which they can be asked what they think."""
        return self.is_told and self.state == "verified"

    def late(self, now: datetime) -> bool:
        """Whether the verification came, or by now is, after its due time."""
        return (self.verified_at or now) > self.verification_due_at


def made(values: Mapping[str, Any]) -> Case:
    """A case with all its fields there, as a frozen class sets them, but not one after the other.

    A page has two dozen cases of sixty fields, a batch two hundred.
    """
    case = object.__new__(Case)
    vars(case).update(values)
    return case


def opens_case(event: SubmissionReceived | SubmissionAdded) -> bool:
    """Every complaint and request, and every bad rating, also a bare one (rule 3)."""
    return promises.opens_case(event.kind, event.satisfaction)


def commends(event: SubmissionReceived | SubmissionAdded) -> bool:
    """A rating of 4 or 5 with words or photos."""
    rated = event.kind == "rating" and (event.satisfaction or 0) >= _SATISFIED
    return rated and bool(event.words_sealed or event.attachments)


def open_case(
    event: SubmissionReceived,
    policy: Policy,
    case_id: UUID,
    now: datetime,
    traceparent: str | None = None,
) -> Case:
    """The case for a submission, due as its receipt promised."""
    words, phone = bool(event.words_sealed), bool(event.phone_sealed)
    bare = promises.is_bare(event.kind, words=words, phone=phone)
    callback_due_at, verification_due_at = promises.due(
        event.received_at, policy, graded(event), bare=bare
    )
    word = promising.first(event.received_at, policy, bare=bare)
    return Case(
        case_id=case_id,
        incident_id=case_id,
        opened_at=now,
        callback_due_at=callback_due_at,
        verification_due_at=verification_due_at,
        callback_state="open" if event.phone_sealed else "no_phone",
        consent=event.consent.model_dump(mode="json") if event.consent else None,
        page_due_at=now if event.urgent and event.kind == "request" else None,
        word_owed=word.owed,
        word_due_at=word.due_at,
        traceparent=traceparent,
        **{name: getattr(event, name) for name in _FROM_SUBMISSION},
    )


def graded(of: Case | SubmissionReceived) -> promises.Graded:
    """By what a policy may give it more or less time."""
    return promises.Graded(of.categories, of.urgent)


def case_opened(case: Case) -> CaseOpened:
    """The event that tells of a new case."""
    return CaseOpened.of(case)


def phone_use(case: Case, seal: Seal) -> Use | None:
    """What can be done with the citizen's phone, also by the vendors' word; None without one."""
    if case.phone_sealed is None:
        return None
    use = phone.use_sealed(seal, case.phone_sealed, case.submission_id)
    return phone.USES["refused"] if case.phone_refused and use.airtime else use
