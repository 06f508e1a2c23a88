"""What notifications answers with, and what it may be asked for."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.rules import Purpose, State


class Figures(BaseModel):
    """Counts for the public table of rule 16. Sent means that the vendor took it."""

    thanks: int
    thanks_delivered: int
    paid_messages: int
    paid_messages_delivered: int
    unreached: int
    words: int
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


class Released(BaseModel):
    """A message that is queued again."""

    message_id: UUID
    state: State


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
        urgent=total("accepted", "delivered", purpose="urgent"),
        codes=total("accepted", "delivered", purpose="code"),
        invitations=total("accepted", "delivered", purpose="invitation"),
        receipts=total("accepted", "delivered", purpose="receipt"),
        failed=total("failed"),
        unknown=total("unknown", "lost"),
        held=total("held"),
        queued=total("queued", "sending"),
    )
