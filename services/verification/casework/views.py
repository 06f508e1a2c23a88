"""Cases as callers see them: phones masked, words and answers opened for those who may read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.verification.casework.rules.cases import Case, CaseKind, State
from services.verification.casework.rules.promising import Owed
from services.verification.casework.store.actions import Recorded
from shared.events import (
    Attribution,
    CallbackState,
    CallTime,
    Channel,
    Language,
    Verdict,
)
from shared.values import clock, phone
from shared.values.seal import Seal


class Figures(BaseModel):
    """Verification's part of the statistics; all but cases, in_review and open count complaints.

    What was once done stays done, as scoring counts it: opened again by a follow-up, a complaint is
    among `open` as well. `substantiated` are all that were found true; `partly` are among them.
    """

    cases: int
    complaints: int
    called_back: int = Field(description="reached, at whichever call")
    called_back_in_time: int = Field(description="the first such call, by its due time")
    called_back_same_day: int = Field(description="on the calendar day of receipt")
    verified: int = Field(description="a verdict took effect")
    verified_in_time: int = Field(description="the first of them was handed in before it was due")
    verified_same_day: int = Field(description="and on the calendar day of receipt")
    substantiated: int
    partly: int
    in_review: int
    open: int
    rated: int = Field(description="how many citizens answered a question about the answer")
    solved: int
    not_solved: int = Field(description="answered, and the citizen says that it is not solved")
    satisfied: int
    withdrawn: int


class Summary(BaseModel):
    """A case in a list."""

    case_id: UUID
    number: str = Field(description="what people call it by: year of opening, running number")
    submission_id: UUID
    incident_id: UUID
    kind: CaseKind
    unit_code: str
    unit_name: str | None
    counter: int | None
    satisfaction: int | None
    categories: tuple[str, ...]
    officer_badge: str | None
    urgent: bool
    language: Language
    phone: str | None = Field(description="masked")
    received_at: datetime
    opened_at: datetime
    callback_due_at: datetime
    verification_due_at: datetime
    callback_state: CallbackState
    callback_settled_at: datetime | None
    state: State
    revision: int
    verdict: Verdict | None
    attribution: Attribution | None
    officers: tuple[str, ...]
    verified_at: datetime | None
    final_at: datetime | None
    review_due_at: datetime | None
    review_pending: bool
    next_due_at: datetime | None
    page_due_at: datetime | None = Field(
        description="when an urgent request that nobody has acknowledged pages again"
    )
    word_owed: Owed | None = Field(description="which word the citizen is owed while it is open")
    word_due_at: datetime | None
    late: bool = Field(description="the verification came, or by now is, after its due time")
    overdue: bool = Field(description="some duty is late at this moment")


class Listing(BaseModel):
    """A page of cases, and the cursor of the next one if there is one."""

    items: list[Summary]
    cursor: str | None


class ActionShown(BaseModel):
    """One entry of the time line."""

    action: str
    actor: str
    acted_at: datetime
    details: dict[str, Any]
    note: str | None


class Related(BaseModel):
    """Another case that belongs to this one: a report of pressure, or the case that it is about."""

    case_id: UUID
    number: str


@dataclass(frozen=True)
class VerdictShown(Recorded):
    """One revision of the verdict, opened for reading."""

    finding: str
    answer: str
    late: bool


class PhoneUse(BaseModel):
    """What can be done with the citizen's number beside calling it."""

    kind: phone.Kind
    sms: bool
    airtime: bool


class AdditionShown(BaseModel):
    """What the citizen added afterwards, opened for reading."""

    number: int
    added_at: datetime
    why: str = Field(description="thanks, open, or a follow-up")
    words: str | None
    categories: tuple[str, ...]
    officer_badge: str | None
    officer_typed: str | None
    attachments: tuple[str, ...]


class Detail(Summary):
    """A case with everything that was done to it, opened for reading."""

    words: str | None
    attachments: tuple[str, ...] = Field(description="`photo/<id>` and `voice/<id>`")
    phone_use: PhoneUse | None = Field(description="what may be promised to this number")
    occurred_at: datetime | None = Field(description="0:00 at the bureau: only the day is known")
    matter: str | None
    channel: Channel
    reasons: tuple[int, ...] = Field(description="the national codes of the categories")
    officer_typed: str | None = Field(description="as the citizen wrote it")
    call_time: CallTime | None
    call_language: str | None
    consent: Mapping[str, Any] | None = Field(description="to which notice on the phone's use")
    policy_from: date = Field(description="judged by the policy in force from that day on")
    additions: list[AdditionShown]
    recused: list[str] = Field(description="badges and @usernames of those who may be meant")
    higher: bool = Field(description="kept from everybody at the unit, or higher")
    reopened_at: datetime | None = Field(description="when the citizen did not accept a verdict")
    withdrawn_at: datetime | None = Field(description="withdrawn; it goes on all the same")
    solved: bool | None = Field(description="what the citizen says of the answer")
    satisfied: bool | None = Field(description="what the citizen says of the handling")
    pressure: list[Related] = Field(description="reports of pressure, where the reader sees them")
    about: Related | None = Field(description="of a report of pressure: the case it is about")
    verdicts: list[VerdictShown]
    actions: list[ActionShown]


class PhoneShown(BaseModel):
    """The citizen's phone in clear."""

    phone: str


def summary(case: Case, seal: Seal, unit_name: str | None) -> Summary:
    """A case in a list."""
    return Summary(**summary_values(case, seal, unit_name))


def summary_values(case: Case, seal: Seal, unit_name: str | None) -> dict[str, Any]:
    """The fields of a case in a list."""
    now = clock.now()
    own = {name: getattr(case, name) for name in Summary.model_fields if hasattr(case, name)}
    return own | {
        "unit_name": unit_name,
        "phone": masked(case, seal),
        "late": case.late(now),
        "overdue": case.next_due_at is not None and case.next_due_at < now,
    }


def masked(case: Case, seal: Seal) -> str | None:
    """The citizen's phone as everybody may see it."""
    return phone_shown(seal, case.phone_sealed, f"phone:{case.submission_id}")


def phone_shown(seal: Seal, sealed: str | None, context: str) -> str | None:
    """A phone as everybody may see it."""
    return phone.mask(seal.open(sealed, context)) if sealed else None
