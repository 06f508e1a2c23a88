"""The case, which submissions open one, and by when it is due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.events import (
    Attribution,
    CallbackState,
    CaseOpened,
    Kind,
    Language,
    SubmissionReceived,
    Verdict,
)
from shared.policy import Policy
from shared.values import clock

State = Literal["open", "in_review", "verified"]
_DISSATISFIED = 2
_FROM_SUBMISSION = (
    "submission_id", "kind", "unit_code", "counter", "satisfaction", "categories", "words_sealed",
    "phone_sealed", "phone_index", "officer_badge", "urgent", "language", "received_at",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A case as it stands.

        open ──verdict──▶ verified ◀──confirmed── in_review ◀──verdict── open
        in_review, verified (sampled) ──returned──▶ open
        verified ──changed, to what must wait──▶ in_review

    `verified_at` stopped the verification's clock; `final_at` is when the verdict took effect.
    `recused` are the identities from which it is kept, see `recusals`; `number` is what people call
    it by, given when it is stored.
    """

    case_id: UUID
    submission_id: UUID
    incident_id: UUID
    kind: Kind
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
    officer_badge: str | None = None
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

    @property
    def under_review(self) -> bool:
        """Whether the level above has to look at the verdict."""
        return self.state == "in_review" or self.review_pending

    def late(self, now: datetime) -> bool:
        """Whether the verification came, or by now is, after its due time."""
        return (self.verified_at or now) > self.verification_due_at


def opens_case(event: SubmissionReceived) -> bool:
    """Every complaint and request, and a bad rating that leaves words or a phone."""
    if event.kind != "rating":
        return True
    bad = event.satisfaction is not None and event.satisfaction <= _DISSATISFIED
    return bad and bool(event.words_sealed or event.phone_sealed)


def open_case(event: SubmissionReceived, policy: Policy, case_id: UUID, now: datetime) -> Case:
    """The case for a submission, due by 「當天進行電話回訪完畢」「當天核查完畢上報」."""
    received = event.received_at
    return Case(
        case_id=case_id,
        incident_id=case_id,
        opened_at=now,
        callback_due_at=clock.same_day_due(received, policy.callback.cutoff, policy.zone),
        verification_due_at=clock.same_day_due(received, policy.verification.cutoff, policy.zone),
        callback_state="open" if event.phone_sealed else "no_phone",
        **{name: getattr(event, name) for name in _FROM_SUBMISSION},
    )


def case_opened(case: Case) -> CaseOpened:
    """The event that tells of a new case."""
    return CaseOpened.of(case)
