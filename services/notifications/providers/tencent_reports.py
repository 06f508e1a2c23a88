"""What Tencent Cloud brings by itself: delivery reports, and what citizens wrote back. Unsigned."""

import hmac
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from services.notifications.providers.protocol import Inbound
from shared.vendors import reports
from shared.vendors.vendor import NotAReport

Digits = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]


class _Report(BaseModel):
    """`sid` is SendSms's SerialNo; what we called the message is not repeated [D]."""

    sid: Annotated[str, Field(min_length=1)]


class _Reply(BaseModel):
    """One reply [D]; the vendor gives it no number of its own."""

    nationcode: Digits
    mobile: Digits
    text: str
    time: int = Field(ge=0, lt=2**32)


def references(body: bytes) -> list[str]:
    """The vendor's own, out of a JSON array [D]."""
    return [report.sid for report in reports.entries(_Report, body)]


def reply(body: bytes, secret: str) -> Inbound:
    """A single JSON object [D]. What identifies it is made of all of it, under our secret."""
    try:
        told = _Reply.model_validate_json(body)
    except ValidationError:
        raise NotAReport("not a reply") from None
    phone = f"+{told.nationcode}{told.mobile}"
    whole = f"{phone} {told.time} {told.text}"
    ref = hmac.new(secret.encode(), whole.encode(errors="replace"), "sha256").hexdigest()
    return Inbound(ref[:32], phone, told.text, datetime.fromtimestamp(told.time, UTC))
