"""What notifications answers with, and what it may be asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
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

from services.notifications.rules.messages import Purpose, Resending, State
from services.notifications.rules.sparing import Why
from shared.values import text

SHOWN = 50
Waits = Why | Literal["later"]
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
# When the last of a page before came (microseconds since 1970), and its id.
Cursor = Annotated[str, Field(pattern=r"^[0-9]{1,17}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Reason = Annotated[str, AfterValidator(text.lines), StringConstraints(max_length=200)]
Typed = Annotated[str, AfterValidator(text.lines), StringConstraints(max_length=60)]


def _or_none(value: object) -> object:
    return value or None


class Figures(BaseModel):
    """Counts for the public table of rule 16. Sent means that the vendor took it."""

    thanks: int
    thanks_delivered: int
    paid_messages: int
    paid_messages_delivered: int
    unreached: int
    words: int
    questions: int
    howtos: int
    notices: int
    money: int
    urgent: int
    codes: int
    invitations: int
    receipts: int
    failed: int
    unknown: int
    held: int
    queued: int


class HeldMessage(BaseModel):
    """A message that waits for a person, and the vendor's word for why. Nothing personal."""

    message_id: UUID
    case_id: UUID | None
    purpose: Purpose
    code: str | None
    attempt: int
    created_at: datetime


class Held(BaseModel):
    """The oldest first."""

    messages: list[HeldMessage]


class VendorShare(BaseModel):
    """Of a hundred new SMS how many go to a vendor, and what it did with the last calls."""

    vendor: str
    points: int
    resting: int
    calls: int
    bad: int


class Released(BaseModel):
    """A message that is queued again."""

    message_id: UUID
    state: State


Name = Annotated[str, Field(max_length=32)]


class ListQuery(BaseModel):
    """`cursor`: the `next` of the page before. A form that asks for nothing sends nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: Annotated[State | None, BeforeValidator(_or_none)] = None
    purpose: Annotated[Purpose | None, BeforeValidator(_or_none)] = None
    vendor: Annotated[Name | None, BeforeValidator(_or_none)] = None
    cursor: Cursor | None = None

    @property
    def before(self) -> tuple[datetime, UUID] | None:
        """What the cursor means."""
        if self.cursor is None:
            return None
        since, _, message_id = self.cursor.partition(".")
        return _EPOCH + int(since) * _MICROSECOND, UUID(message_id)


class MessageShown(BaseModel):
    """An SMS as a person sees it: nothing of what it says, nor of the case that it is about.

    `code` is the vendor's word for why, `fen` what it has cost so far; `phone` is masked, and gone
    once nobody may send it again. `waits` says why it is queued and does not leave.
    """

    message_id: UUID
    case_id: UUID | None
    purpose: Purpose
    state: State
    code: str | None
    vendor: str | None
    attempt: int
    fen: int
    phone: str | None
    created_at: datetime
    age_seconds: int
    settled_at: datetime | None
    not_before: datetime | None
    waits: Waits | None
    resend_of: UUID | None
    resent_as: UUID | None


class Listing(BaseModel):
    """A page of messages; `next` is the cursor of the one after it."""

    messages: list[MessageShown]
    next: str | None


class Step(BaseModel):
    """A state that it came to."""

    state: State
    code: str | None
    since_at: datetime


class ResentBy(BaseModel):
    """Who sent another again as this one, and why; `confirmed` that it may have arrived."""

    by: str
    reason: str
    confirmed: bool
    resent_at: datetime


class Detail(MessageShown):
    """One, with its story; `resending` whether and how it may be sent again."""

    steps: list[Step]
    resent_by: ResentBy | None
    resending: Resending | None


class ResendBody(BaseModel):
    """Why it is sent again; `confirmed` where it may have arrived, and that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason = ""
    confirmed: bool = False


class Resent(BaseModel):
    """The new message, and the one whose place it takes."""

    message_id: UUID
    resend_of: UUID
    state: State


class Day(BaseModel):
    """What today's SMS have cost by purse (fen), and what waits; `over_cap` of it for money."""

    fen: int
    most_fen: int
    reserve_fen: int
    most_reserve_fen: int
    price_fen: int
    waiting: int
    over_cap: int
    quiet_until: datetime | None
    stopped: int


class StopBody(BaseModel):
    """Whose number it is, whether they want no more, and how staff came to know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone: Typed = ""
    stopped: bool = False
    reason: Reason = ""


class Stop(BaseModel):
    """The number, masked, and whether it is on the list now."""

    phone: str
    stopped: bool


class StopChanged(BaseModel):
    """Somebody came onto the list or left it; by nobody of ours where it was an SMS."""

    stopped: bool
    changed_by: str
    reason: str
    changed_at: datetime


class Stops(BaseModel):
    """How many numbers want no more questions and invitations, and the newest changes."""

    count: int
    changes: list[StopChanged]


def cursor_of(message: MessageShown) -> str:
    """What the next page begins after."""
    return f"{(message.created_at - _EPOCH) // _MICROSECOND}.{message.message_id}"


def figures_of(counts: Mapping[tuple[Purpose, State], int]) -> Figures:
    """The figures of all messages."""

    def total(*states: State, purpose: Purpose | None = None) -> int:
        return sum(n for (p, s), n in counts.items() if s in states and purpose in (None, p))

    return Figures(
        thanks=total("accepted", "delivered", purpose="thanks"),
        thanks_delivered=total("delivered", purpose="thanks"),
        paid_messages=total("accepted", "delivered", purpose="paid"),
        paid_messages_delivered=total("delivered", purpose="paid"),
        unreached=total("accepted", "delivered", purpose="unreached"),
        words=total("accepted", "delivered", purpose="word"),
        questions=total("accepted", "delivered", purpose="question"),
        howtos=total("accepted", "delivered", purpose="howto"),
        notices=total("accepted", "delivered", purpose="notice"),
        money=total("accepted", "delivered", purpose="money"),
        urgent=total("accepted", "delivered", purpose="urgent"),
        codes=total("accepted", "delivered", purpose="code"),
        invitations=total("accepted", "delivered", purpose="invitation"),
        receipts=total("accepted", "delivered", purpose="receipt"),
        failed=total("failed"),
        unknown=total("unknown", "lost"),
        held=total("held"),
        queued=total("queued", "sending"),
    )
