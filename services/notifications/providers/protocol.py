"""The contract of an SMS vendor's adapter.

A code that is not in the adapter's table is `Held`, and alerts. What certainly was not sent and may
be tried again is `TryLater`; `Rejected` is final here.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.notifications.rules import Purpose
from shared.vendors.outcomes import Outcome
from shared.vendors.vendor import NotAReport, Vendor, VendorSettings


@dataclass(frozen=True)
class Sms:
    """One message. `message_id` goes to the vendor as our reference; `phone` is E.164, in clear.

    The text is the vendor's registered template for `purpose`, filled with `values`.
    """

    message_id: UUID
    purpose: Purpose
    phone: str = field(repr=False)
    values: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Call:
    """An earlier call: when (real time), and the vendor's id if it gave one."""

    called_at: datetime
    ref: str | None


@dataclass(frozen=True)
class Inbound:
    """An SMS that a citizen wrote back. `phone` is E.164, as the vendor says.

    `ref` is the same however often the vendor brings it, and says nothing of the phone; `wrote_at`
    is by the vendor's clock, where it tells.
    """

    ref: str
    phone: str = field(repr=False)
    text: str = field(repr=False)
    wrote_at: datetime | None = None


class SmsSettings(VendorSettings):
    """What is registered with the carriers: a template id for each purpose."""

    template_thanks: Annotated[str, Field(min_length=1)]
    template_paid: Annotated[str, Field(min_length=1)]
    template_unreached: Annotated[str, Field(min_length=1)]
    template_word: Annotated[str, Field(min_length=1)]
    template_urgent: Annotated[str, Field(min_length=1)]
    template_code: Annotated[str, Field(min_length=1)]
    template_invitation: Annotated[str, Field(min_length=1)]
    template_receipt: Annotated[str, Field(min_length=1)]

    @property
    def templates(self) -> Mapping[Purpose, str]:
        """By purpose."""
        return {
            "thanks": self.template_thanks,
            "paid": self.template_paid,
            "unreached": self.template_unreached,
            "word": self.template_word,
            "urgent": self.template_urgent,
            "code": self.template_code,
            "invitation": self.template_invitation,
            "receipt": self.template_receipt,
        }


class Provider(Vendor):
    """One vendor of SMS. Nothing that a vendor or a network can do raises."""

    @abstractmethod
    async def send(self, sms: Sms) -> Outcome:
        """Send once. Unknown whenever it might have been taken."""

    @abstractmethod
    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """What became of an earlier call. Unknown or TryLater when it cannot be asked."""

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """What citizens wrote back, in the order in which it stands there. Or NotAReport.

        It comes at `reports.INBOUND` and is answered as reports are. Only a vendor that signs can
        be believed more than the secret of that address.
        """
        raise NotAReport("this vendor brings no replies")
