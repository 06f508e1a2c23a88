"""The contract of an SMS vendor's adapter."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notifications.outcomes import Found, Sent
from services.notifications.rules import Purpose


@dataclass(frozen=True)
class Sms:
    """One message. `message_id` goes to the vendor as our reference; `phone` is E.164, in clear.

    The text is the vendor's registered template for `purpose`, filled with `values`.
    """

    message_id: UUID
    purpose: Purpose
    phone: str = field(repr=False)
    values: dict[str, str]


@dataclass(frozen=True)
class Call:
    """An earlier call: when (real time), and the vendor's id if it gave one."""

    called_at: datetime
    ref: str | None


class Provider(Protocol):
    """Neither method raises for anything that a vendor or a network can do."""

    name: str

    async def send(self, sms: Sms) -> Sent:
        """Send once. Unknown whenever it might have been taken."""

    async def find(self, sms: Sms, call: Call) -> Found:
        """What became of an earlier call. Unknown or TryLater when it cannot be asked."""
