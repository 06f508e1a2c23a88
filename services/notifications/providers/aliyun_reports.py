"""What Alibaba Cloud brings by itself: delivery reports, and what citizens wrote back. Unsigned."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.notifications.providers.protocol import Inbound
from shared.values.clock import SHANGHAI
from shared.vendors import reports


class _Report(BaseModel):
    out_id: str = ""


class _Reply(BaseModel):
    """SmsUp [M]; `sequence_id` is the vendor's number of it."""

    phone_number: Annotated[str, Field(pattern=r"^\+?[0-9]{5,15}$")]
    content: str
    send_time: str = ""
    sequence_id: int | str


def references(body: bytes) -> list[str]:
    """A JSON array of delivery reports [D]; only `out_id` is believed."""
    return [report.out_id for report in reports.entries(_Report, body)]


def replies(body: bytes) -> list[Inbound]:
    """A JSON array [M]."""
    return [
        Inbound(str(one.sequence_id), e164(one.phone_number), one.content, moment(one.send_time))
        for one in reports.entries(_Reply, body)
    ]


def e164(number: str) -> str:
    """Mainland numbers come without a country code, others with it and without a plus [D]."""
    bare = number.removeprefix("+")
    return f"+{bare}" if len(bare) != 11 or not bare.startswith("1") else f"+86{bare}"


def moment(text: str) -> datetime | None:
    """The vendor's local time; None if it is not written as expected."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
