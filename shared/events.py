"""One frozen model per event: what travels between services, and nothing else.

Consumers ignore unknown fields, so a field may be added; a breaking change is a `v2` beside `v1`.
Times are aware UTC, money is integer fen, points are centipoints (1/100 point), and phones and
free words travel sealed (context `phone:<submission_id>`, `words:<submission_id>`; an officer as
typed `words:<submission_id>:officer`; the same of an addition with its `addition_id`).
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from uuid_utils.compat import uuid7

from shared.access import Role
from shared.observe import trace
from shared.values import clock, money

Kind = Literal["rating", "complaint", "request"]
Verdict = Literal[
    "substantiated", "partly", "unsubstantiated", "helped", "unverifiable", "out_of_scope"
]
Attribution = Literal["officers", "unit", "policy", "none"]
CallbackOutcome = Literal["reached", "no_answer", "busy", "refused", "wrong_number"]
CallbackState = Literal["open", "reached", "unreached", "no_phone"]
# As catalogues are called; which there are is not the bus's to say.
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
# By which way it came: told by the browser or the page, so it gives nobody any right.
Channel = Literal["page", "wechat", "alipay", "kiosk", "desk", "invited", "open311"]
# A word to a citizen who waits: that somebody has it; that it still goes on.
Owed = Literal["acknowledgement", "progress"]
CallTime = Literal["any", "morning", "noon", "afternoon", "evening"]
# Why a submission waits for a person before it counts: more than people send from one phone or
# network, or about one code or unit; praise in a burst, while closed, or faster than one can serve.
HeldReason = Literal["phone", "address", "code", "unit", "burst", "closed", "pace"]
HoldOutcome = Literal["released", "set_aside"]
AppealState = Literal["filed", "upheld", "overturned"]
PaperState = Literal["issued", "read", "withdrawn"]
# For what a case is drawn to be looked at again: its first verdict that takes effect at once, or
# that its citizen withdrew it.
DrawnFor = Literal["verdict", "withdrawn"]
# What a duty phone is told of: supervision notices, or rewards that are unpaid and nearly late.
NoticedAbout = Literal["notice", "money"]
Decision = Literal["scheduled", "held", "refused", "manual", "withdrawn", "clearing"]

# What counts something, and what stands in a list: no column holds more.
Number = Annotated[int, Field(ge=0, lt=2**31)]
Level = Annotated[int, Field(ge=1, le=5)]
Percent = Annotated[int, Field(ge=0, le=100)]
AmountFen = Annotated[int, Field(ge=0, le=money.MOST)]
# With its sign: what comes is added, what goes taken.
Centipoints = Annotated[int, Field(gt=-(2**31), lt=2**31)]
Balance = Annotated[int, Field(gt=-(2**63), lt=2**63)]


class Event(BaseModel):
    """A fact in the past tense. SUBJECT and VERSION name the fields of aggregate id and version."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]
    VERSION: ClassVar[str | None] = None

    @classmethod
    def of(cls, source: object, **told: object) -> Self:
        """The event of a row: every field that `told` does not name is the row's own of that name.

        Checked like one from outside, so a field that nobody has is a mistake at once.
        """
        own = {name: getattr(source, name) for name in cls.model_fields if name not in told}
        return cls.model_validate(own | told)

    @property
    def subject(self) -> str:
        """The aggregate's id."""
        return str(getattr(self, self.SUBJECT))

    @property
    def aggregate_version(self) -> int:
        """Grows with every change of the aggregate; 1 where there is only ever one."""
        return int(getattr(self, self.VERSION)) if self.VERSION else 1


class UnitChanged(Event):
    """A service window's office was added, changed or moved.

    `parent` names the place above for people; `path` are the codes from the root of the tree down
    to the unit's own; `matters` are what people come for, in the order of the unit's list.
    """

    TYPE = "unit.changed.v1"
    SUBJECT = "unit_code"
    VERSION = "version"

    unit_code: str
    name: str
    parent: str
    path: tuple[str, ...]
    kind: str
    counters: Number
    active: bool
    version: Number
    matters: tuple[str, ...] = ()


class OfficerChanged(Event):
    """An officer was added, moved or left; the phone only as a blind index."""

    TYPE = "officer.changed.v1"
    SUBJECT = "badge"
    VERSION = "version"

    badge: str
    name: str
    unit_code: str
    active: bool
    phone_index: str | None
    version: Number


class OperatorChanged(Event):
    """An operator of the desk was added, changed or disabled."""

    TYPE = "operator.changed.v1"
    SUBJECT = "username"
    VERSION = "version"

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None
    active: bool
    version: Number


class Consent(BaseModel):
    """That a citizen agreed to how the phone is used: to which notice, for what, by whom, when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    notice: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    at: datetime


class SubmissionReceived(Event):
    """A citizen's rating, complaint or request was taken in.

    `reasons` are the national codes of its categories at the level given. `occurred_at` at 0:00 of
    the bureau means that day. `held` says why it waits for a person before it counts.
    """

    TYPE = "submission.received.v1"
    SUBJECT = "submission_id"

    submission_id: UUID
    kind: Kind
    unit_code: str
    counter: Number | None = None
    satisfaction: Level | None = None
    categories: tuple[str, ...] = ()
    words_sealed: str | None = None
    phone_sealed: str | None = None
    phone_index: str | None = None
    officer_badge: str | None = None
    urgent: bool = False
    language: Language = "zh"
    received_at: datetime
    channel: Channel = "page"
    reasons: tuple[Number, ...] = ()
    occurred_at: datetime | None = None
    matter: str | None = None
    officer_typed_sealed: str | None = None
    call_time: CallTime | None = None
    call_language: str | None = None
    consent: Consent | None = None
    attachments: tuple[str, ...] = ()
    held: HeldReason | None = None


class SubmissionAdded(Event):
    """A citizen added to what was taken in: on the page of thanks, or while the case is open.

    It changes nothing of before. `number` counts the additions of a submission from 1; unit, kind
    and satisfaction are those of the submission.
    """

    TYPE = "submission.added.v1"
    SUBJECT = "submission_id"
    VERSION = "number"

    addition_id: UUID
    submission_id: UUID
    number: Number
    unit_code: str
    kind: Kind
    satisfaction: Level | None = None
    words_sealed: str | None = None
    categories: tuple[str, ...] = ()
    reasons: tuple[Number, ...] = ()
    officer_badge: str | None = None
    officer_typed_sealed: str | None = None
    attachments: tuple[str, ...] = ()
    added_at: datetime
    why: Literal["thanks", "open"]


class CommendationAttributed(Event):
    """Somebody at the desk said whom praise means that names nobody from the window's list.

    Without a badge that was taken back; `number` counts what was said of it.
    """

    TYPE = "commendation.attributed.v1"
    SUBJECT = "commendation_id"
    VERSION = "number"

    commendation_id: UUID
    submission_id: UUID
    unit_code: str
    number: Number
    officer_badge: str | None
    said_at: datetime
    attributed_at: datetime


class HoldEnded(Event):
    """A person decided whether a held submission counts; `number` grows with every decision.

    What was set aside may be released later, and never the other way round.
    """

    TYPE = "hold.ended.v1"
    SUBJECT = "submission_id"
    VERSION = "number"

    submission_id: UUID
    unit_code: str
    number: Number
    outcome: HoldOutcome
    ended_at: datetime


class ContactErased(Event):
    """Whoever holds a citizen's phone, words or photos of this submission forgets them.

    Their time is over, or the citizen asked. Whoever still owes something does it first.
    """

    TYPE = "contact.erased.v1"
    SUBJECT = "submission_id"

    submission_id: UUID
    erased_at: datetime


class CaseOpened(Event):
    """Verification opened a case for a submission.

    As of every event that has `word_due_at`, it is by when the citizen is owed the next word.
    """

    TYPE = "case.opened.v1"
    SUBJECT = "case_id"

    case_id: UUID
    submission_id: UUID
    kind: Kind
    unit_code: str
    urgent: bool
    opened_at: datetime
    callback_due_at: datetime
    verification_due_at: datetime
    word_owed: Owed | None = None
    word_due_at: datetime | None = None


class CallbackLogged(Event):
    """A call to the citizen was made; `state` is the callback's state after it."""

    TYPE = "callback.logged.v1"
    SUBJECT = "case_id"
    VERSION = "attempt"

    case_id: UUID
    submission_id: UUID
    unit_code: str
    attempt: Number
    outcome: CallbackOutcome
    state: CallbackState
    called_at: datetime
    due_at: datetime
    word_owed: Owed | None = None
    word_due_at: datetime | None = None


class CallbackUnreached(Event):
    """Attempts enough were made in vain: the citizen is told by SMS, which belongs to the rule.

    `attempt` is the last of them.
    """

    TYPE = "callback.unreached.v1"
    SUBJECT = "case_id"
    VERSION = "attempt"

    case_id: UUID
    submission_id: UUID
    attempt: Number
    phone_sealed: str
    language: Language
    called_at: datetime


class DutyPaged(Event):
    """An urgent request waits, and the phone of a place that is on duty hears of it.

    Whose it is stays here: the phone is sealed for `phone:<phone_id>`.
    """

    TYPE = "duty.paged.v1"
    SUBJECT = "page_id"

    page_id: UUID
    phone_id: UUID
    phone_sealed: str
    paged_at: datetime
    expires_at: datetime


class DutyNoticed(Event):
    """Supervision notices wait for a place, new ones or such as it is reminded of: its duty phone.

    Or unpaid rewards are nearly late (`about` money). How many, and which, is for the desk to say.
    The phone is sealed for `phone:<phone_id>`.
    """

    TYPE = "duty.noticed.v1"
    SUBJECT = "told_id"

    told_id: UUID
    phone_id: UUID
    phone_sealed: str
    told_at: datetime
    expires_at: datetime
    about: NoticedAbout = "notice"


class WordGiven(Event):
    """While a case is open somebody told its citizen how it stands, which the receipt shows.

    `number` counts the words of a case; the words are sealed for
    `answer:<submission_id>:word:<number>`.
    """

    TYPE = "word.given.v1"
    SUBJECT = "case_id"
    VERSION = "number"

    case_id: UUID
    submission_id: UUID
    number: Number
    word_sealed: str
    phone_sealed: str | None
    language: Language
    given_at: datetime
    word_owed: Owed | None = None
    word_due_at: datetime | None = None


class ClockChanged(Event):
    """A verification's clock stopped, its verdict waiting for the second look; or it runs again.

    `stopped_at` is empty where it runs, until `due_at`; `number` grows with every change.
    """

    TYPE = "clock.changed.v1"
    SUBJECT = "case_id"
    VERSION = "number"

    case_id: UUID
    submission_id: UUID
    number: Number
    stopped_at: datetime | None
    due_at: datetime
    changed_at: datetime
    word_owed: Owed | None = None
    word_due_at: datetime | None = None


class CaseVerified(Event):
    """A verdict is final; a changed verdict comes as a higher `revision` of the same case.

    `incident_id` counts until the first IncidentChanged of the case. `kept_from` are those who may
    be meant, by badge or `@username`: nothing of this case is theirs to see or decide. `counters`
    are the windows of the unit that it is about, where somebody said so. `named` are the officers
    whom the citizen named by badge; `verified_by` is who submitted the verdict. `overturned` is the
    verdict that an officer's appeal changed into this one: the citizen's reward is still by that.
    `number` is what people call the case by, `recused` are all identities from which the desk keeps
    it.
    It was handed in at `handed_at`, which stopped its clock, due at `due_at`.
    """

    TYPE = "case.verified.v1"
    SUBJECT = "case_id"
    VERSION = "revision"

    case_id: UUID
    submission_id: UUID
    incident_id: UUID
    revision: Number
    kind: Kind
    unit_code: str
    categories: tuple[str, ...]
    verdict: Verdict
    attribution: Attribution
    officers: tuple[str, ...]
    answer_sealed: str | None
    phone_sealed: str | None
    phone_index: str | None
    language: Language
    received_at: datetime
    verified_at: datetime
    kept_from: tuple[str, ...] = ()
    counters: tuple[Number, ...] = ()
    named: tuple[str, ...] = ()
    verified_by: str | None = None
    overturned: Verdict | None = None
    number: str = ""
    recused: tuple[str, ...] = ()
    handed_at: datetime | None = None
    due_at: datetime | None = None


class IncidentChanged(Event):
    """A case belongs to another incident than before; `version` counts that case's changes."""

    TYPE = "incident.changed.v1"
    SUBJECT = "case_id"
    VERSION = "version"

    case_id: UUID
    incident_id: UUID
    unit_code: str
    received_at: datetime
    changed_at: datetime
    version: Number


class AppealChanged(Event):
    """An officer appeals against the mark of a verdict, or the level above has answered.

    `revision` is the verdict that it is about; what takes the place of one that is overturned comes
    as a higher revision of the case, which may wait for its second look. `due_at` is by when the
    answer is due.
    """

    TYPE = "appeal.changed.v1"
    SUBJECT = "appeal_id"
    VERSION = "version"

    appeal_id: UUID
    case_id: UUID
    unit_code: str
    badge: str
    revision: Number
    version: Number
    state: AppealState
    due_at: datetime
    changed_at: datetime


class CaseRescheduled(Event):
    """A case has new due times: opened again one level higher, callable now, or given more time.

    `number` counts such changes of the case; `revision` is the verdict that counted then, 0 before
    the first. A due time that is empty stays as it was.
    """

    TYPE = "case.rescheduled.v1"
    SUBJECT = "case_id"
    VERSION = "number"

    case_id: UUID
    submission_id: UUID
    number: Number
    why: Literal["followup", "phone_bound", "extended"]
    revision: Number
    callback_due_at: datetime | None
    verification_due_at: datetime | None
    changed_at: datetime
    word_owed: Owed | None = None
    word_due_at: datetime | None = None


class ContactBound(Event):
    """Whoever holds a receipt has shown by a one-time code that a phone is theirs; once a receipt.

    It takes the place of a phone that was left with the submission, if there was one; and another
    takes its place where no vendor tops it up (see `PhoneRefused`). The last one counts.
    """

    TYPE = "contact.bound.v1"
    SUBJECT = "submission_id"

    submission_id: UUID
    phone_sealed: str
    phone_index: str
    bound_at: datetime


class PhoneRefused(Event):
    """No vendor of airtime tops this phone up, by their own word: the citizen needs another."""

    TYPE = "phone.refused.v1"
    SUBJECT = "submission_id"

    submission_id: UUID
    phone_index: str
    refused_at: datetime


class OtpRequested(Event):
    """A one-time code, sealed as `code:<otp_id>`, is to go to a phone; dead at `expires_at`."""

    TYPE = "otp.requested.v1"
    SUBJECT = "otp_id"

    otp_id: UUID
    submission_id: UUID
    phone_sealed: str
    code_sealed: str
    language: Language
    requested_at: datetime
    expires_at: datetime


class InvitationDrawn(Event):
    """A person whom a window served was drawn to be asked, and left a phone: one SMS with a link.

    Sealed as `phone:<invitation_id>` and `code:<invitation_id>`; dead at `expires_at`.
    """

    TYPE = "invitation.drawn.v1"
    SUBJECT = "invitation_id"

    invitation_id: UUID
    unit_code: str
    phone_sealed: str
    link_sealed: str
    drawn_at: datetime
    expires_at: datetime


class ReceiptIssued(Event):
    """A member of staff took in what somebody said: whoever said it gets the receipt, as a link.

    Sealed as `phone:<submission_id>` and `code:<submission_id>`; dead at `expires_at`.
    """

    TYPE = "receipt.issued.v1"
    SUBJECT = "submission_id"

    submission_id: UUID
    phone_sealed: str
    link_sealed: str
    language: Language
    issued_at: datetime
    expires_at: datetime


class AnswerRated(Event):
    """What the citizen says of the answer: solved, and satisfied with the handling.

    A later `version` takes the place of the one before; None is a question left open. `revision` is
    the verdict that they had read.
    """

    TYPE = "answer.rated.v1"
    SUBJECT = "submission_id"
    VERSION = "version"

    submission_id: UUID
    kind: Kind
    unit_code: str
    version: Number
    revision: Number
    solved: bool | None
    satisfied: bool | None
    rated_at: datetime


class AnswerHeard(Event):
    """The two questions were asked by phone: what the citizen said, None where nothing.

    `number` counts the times that they were asked; `revision` is the verdict that they knew.
    """

    TYPE = "answer.heard.v1"
    SUBJECT = "submission_id"
    VERSION = "number"

    case_id: UUID
    submission_id: UUID
    kind: Kind
    unit_code: str
    number: Number
    revision: Number
    solved: bool | None
    satisfied: bool | None
    heard_at: datetime


class AnswerReplied(Event):
    """The two questions were asked by SMS, and the citizen wrote back which of the answers it is.

    `number` counts the replies to one question; `revision` is the verdict that they knew. Whoever
    says that it is not solved means a follow-up.
    """

    TYPE = "answer.replied.v1"
    SUBJECT = "submission_id"
    VERSION = "number"

    reply_id: UUID
    case_id: UUID
    submission_id: UUID
    number: Number
    revision: Number
    solved: bool
    satisfied: bool
    replied_at: datetime


class FollowupReceived(Event):
    """The citizen does not accept the verdict of `revision`: the level above looks again.

    Sealed as `words:<followup_id>`.
    """

    TYPE = "followup.received.v1"
    SUBJECT = "submission_id"
    VERSION = "number"

    followup_id: UUID
    submission_id: UUID
    number: Number
    revision: Number
    words_sealed: str
    received_at: datetime


class PressureReported(Event):
    """Somebody presses a citizen over a submission; nothing for the unit to know.

    Sealed as `words:<pressure_id>` and `phone:<pressure_id>`: it is a case of its own.
    """

    TYPE = "pressure.reported.v1"
    SUBJECT = "pressure_id"

    pressure_id: UUID
    submission_id: UUID
    unit_code: str
    counter: Number | None
    words_sealed: str | None
    phone_sealed: str | None
    phone_index: str | None
    language: Language
    reported_at: datetime


class SubmissionWithdrawn(Event):
    """The citizen withdrew, or took that back; nothing is deleted, and the case goes on."""

    TYPE = "submission.withdrawn.v1"
    SUBJECT = "submission_id"
    VERSION = "version"

    submission_id: UUID
    version: Number
    withdrawn: bool
    changed_at: datetime


class RewardDecided(Event):
    """A reward is scheduled, held for a second person, or refused (with the reason).

    `manual`: a person must see what to do. `withdrawn`: no longer due, but an order is under way.
    `clearing`: the phone that was bound last gets it once the order to another has certainly
    failed. Only what is scheduled is promised by `due_at`. `verified_at` is when its days began:
    with the verdict, or with the binding of the phone that it goes to.
    """

    TYPE = "reward.decided.v1"
    SUBJECT = "reward_id"
    VERSION = "version"

    reward_id: UUID
    case_id: UUID
    submission_id: UUID
    decision: Decision
    reason: str | None
    amount_fen: AmountFen
    decided_at: datetime
    due_at: datetime
    version: Number
    verified_at: datetime | None = None


class RewardPaid(Event):
    """The provider says completed. `phone_index` is of the phone that got it, as one may have been
    bound since."""

    TYPE = "reward.paid.v1"
    SUBJECT = "reward_id"

    reward_id: UUID
    case_id: UUID
    submission_id: UUID
    amount_fen: AmountFen
    phone_sealed: str
    language: Language
    paid_at: datetime
    due_at: datetime
    phone_index: str | None = None


class RewardReversed(Event):
    """The provider took a completed top-up back; a person must act."""

    TYPE = "reward.reversed.v1"
    SUBJECT = "reward_id"

    reward_id: UUID
    case_id: UUID
    submission_id: UUID
    amount_fen: AmountFen
    reversed_at: datetime


class DeadlineNeared(Event):
    """Unpaid rewards are near the end of their two days, or past it: whose duty money is hears.

    One telling for all of them; which they are is for the page to say. `due_at` is the first's.
    """

    TYPE = "deadline.neared.v1"
    SUBJECT = "alert_id"

    alert_id: UUID
    due_at: datetime
    alerted_at: datetime


class MessageSettled(Event):
    """An SMS was delivered, failed for good, or stays unknown."""

    TYPE = "message.settled.v1"
    SUBJECT = "message_id"

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    purpose: Literal["thanks", "paid", "unreached", "word"]
    outcome: Literal["delivered", "failed", "unknown"]
    settled_at: datetime


class QuestionAsked(Event):
    """The two questions about the verdict of `revision` have reached a citizen by SMS.

    `asked_at` is when the vendor's word of it was heard; of one that failed nobody hears.
    """

    TYPE = "question.asked.v1"
    SUBJECT = "submission_id"
    VERSION = "revision"

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    revision: Number
    asked_at: datetime


class ScoreChanged(Event):
    """One entry of a unit's points ledger: a deduction, or its compensation (`delta` > 0)."""

    TYPE = "score.changed.v1"
    SUBJECT = "unit_code"
    VERSION = "entry_no"

    entry_no: Number
    unit_code: str
    case_id: UUID
    revision: Number
    reason: str
    delta_centipoints: Centipoints
    balance_centipoints: Balance
    changed_at: datetime


class PaperChanged(Event):
    """A numbered document waits for its readers at a unit, or no longer: read, or withdrawn.

    `paper` is its kind, year and number; with a badge it is for that officer. What nobody at the
    unit has to read is not told. Later states have higher versions.
    """

    TYPE = "paper.changed.v1"
    SUBJECT = "paper"
    VERSION = "version"

    paper: str
    unit_code: str
    badge: str | None
    state: PaperState
    version: Number
    changed_at: datetime


class SampleCommitted(Event):
    """The seed of a day's random review was drawn; until the day is over only this is known of it.

    `commitment` as `shared.values.lots` makes it.
    """

    TYPE = "sample.committed.v1"
    SUBJECT = "day"

    day: date
    commitment: str
    committed_at: datetime


class Lot(BaseModel):
    """A case in the draw: its number there, what it was drawn for, of how many, the outcome."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: str
    drawn_for: DrawnFor
    percent: Percent
    drawn: bool


class SampleRevealed(Event):
    """A day is over: its seed, and every case that was in its draw."""

    TYPE = "sample.revealed.v1"
    SUBJECT = "day"

    day: date
    seed: str
    revealed_at: datetime
    lots: tuple[Lot, ...]


class Envelope(BaseModel):
    """CloudEvents 1.0 in structured JSON, as it is read; `data` is still unparsed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    aggregateversion: int = 1
    traceparent: str | None = None
    data: dict[str, Any]


CONTENT_TYPE = "application/cloudevents+json"
# It stands before the data, and in no text before it could a quotation mark stand as it is.
_TRACE = re.compile(r'"traceparent":"([^"]*)"')


def traceparent_in(body: str) -> str | None:
    """The trace of an envelope of ours, without reading all of it."""
    found = _TRACE.search(body)
    return found[1] if found else None


def wrap(event: Event, producer: str, traceparent: str | None = None) -> tuple[UUID, str]:
    """The event in a fresh envelope (new UUIDv7): its id, and the JSON text.

    In the present trace, unless another is given.
    """
    event_id = uuid7()
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/mashang/{producer}",
        "type": event.TYPE,
        "subject": event.subject,
        "time": clock.now(),
        "datacontenttype": "application/json",
        "aggregateversion": event.aggregate_version,
        "traceparent": traceparent or trace.current(),
        "data": orjson.Fragment(event.model_dump_json()),
    }
    return event_id, orjson.dumps(envelope).decode()
