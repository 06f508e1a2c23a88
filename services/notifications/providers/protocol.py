"""The contract of an SMS vendor's adapter.

A code that is not in the adapter's table is `Held`, and alerts. What certainly was not sent and may
be tried again is `TryLater`; `Rejected` is final here.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypeAlias, get_args
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from services.notifications.rules.messages import Purpose
from shared.policy.section import SPOKEN
from shared.vendors.outcomes import Outcome
from shared.vendors.vendor import NotAReport, Vendor, VendorSettings
from shared.web.texts import home

Templates: TypeAlias = dict[str, dict[str, str]]
# What is filled in, in the order in which it stands in the text.
VALUES: Mapping[Purpose, tuple[str, ...]] = {
    "paid": ("amount",),
    "code": ("code",),
    "invitation": ("link",),
    "receipt": ("link",),
}


@dataclass(frozen=True)
class Sms:
    """One message. `message_id` goes to the vendor as our reference; `phone` is E.164, in clear.

    The text is the vendor's registered template for `purpose` in `language`, filled with `values`.
    """

    message_id: UUID
    purpose: Purpose
    phone: str = field(repr=False)
    values: dict[str, str] = field(repr=False)
    language: str = SPOKEN[0]


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


def _read(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError('should be JSON: {"thanks": {"zh": "…", "en": "…"}, …}') from None


def _whole(templates: Templates) -> Templates:
    lacking = [
        f"{purpose} in {language}"
        for purpose in get_args(Purpose)
        for language in SPOKEN
        if not templates.get(purpose, {}).get(language)
    ]
    if lacking:
        raise ValueError(f"lacks {', '.join(lacking)}")
    return templates


class SmsSettings(VendorSettings):
    """What is registered with the carriers: a template for each purpose in each language.

    All that may ever be sent is there from the start, or the service does not start.
    """

    templates: Annotated[Templates, NoDecode, BeforeValidator(_read), AfterValidator(_whole)]

    def template(self, sms: Sms) -> str:
        """A message's; in the city's language where nothing is registered in the citizen's."""
        spoken = self.templates[sms.purpose]
        return spoken.get(sms.language) or spoken[home()]


class Provider(Vendor):
    """One vendor of SMS. Nothing that a vendor or a network can do raises."""

    @abstractmethod
    async def send(self, sms: Sms) -> Outcome:
        """Send once. Unknown whenever it might have been taken."""

    @abstractmethod
    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """What became of an earlier call. Unknown or TryLater when it cannot be asked.

        NotFound only where it would be listed by now if the vendor had it.
        """

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """What citizens wrote back, in the order in which it stands there. Or NotAReport.

        It comes at `reports.INBOUND` and is answered as reports are. Only a vendor that signs can
        be believed more than the secret of that address.
        """
        raise NotAReport("this vendor brings no replies")
