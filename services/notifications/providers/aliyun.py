"""Alibaba Cloud Dysmsapi 2017-05-25.

SendSms is not idempotent [D], so an answer that is lost or unreadable means Unknown, and
QuerySendDetails is asked for our reference (OutId, echoed in the list [M]). Messages are classified
by the vendor's code, except that a 5xx is always Unknown. The vendor lives in real time: neither
the signature's date nor the day of a query follows a moved clock. [D]/[M]: as in aliyun_codes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from uuid import uuid4

from aiohttp import ClientConnectorError, ClientError, ClientSession
from pydantic import BaseModel, ValidationError
from yarl import URL

from services.notifications.outcomes import (
    Accepted,
    Delivered,
    Found,
    Held,
    NotFound,
    Refused,
    Sent,
    TryLater,
    Unknown,
)
from services.notifications.providers import acs3
from services.notifications.providers.aliyun_codes import OK, is_known, refusal
from services.notifications.providers.protocol import Call, Sms
from services.notifications.rules import Purpose
from shared import log
from shared.clock import service_day

VERSION = "2017-05-25"
PAGE = 50
MOST_PAGES = 20
WAITING, FAILED, DELIVERED = 1, 2, 3  # SendStatus [M]
UNREACHABLE = TryLater(timedelta(seconds=5), "unreachable")
# A call just before midnight may be listed under the next day.
NEAR_MIDNIGHT = timedelta(minutes=5)


class Answer(BaseModel):
    """What every answer has, and SendSms's BizId."""

    Code: str
    BizId: str | None = None


class Detail(BaseModel):
    """One message of the vendor's list."""

    OutId: str | None = None
    SendStatus: int
    ErrCode: str = ""


class Details(BaseModel):
    """The wrapping of the list."""

    SmsSendDetailDTO: list[Detail] = []


class Listing(Answer):
    """QuerySendDetails' answer."""

    SmsSendDetailDTOs: Details = Details()


@dataclass(frozen=True)
class Templates:
    """What is registered with the carriers: the signature, and a template id for each purpose."""

    sign_name: str
    codes: Mapping[Purpose, str]


class Aliyun:
    """The adapter. Its session must have a total timeout and keep no cookies."""

    name = "aliyun"

    def __init__(
        self, session: ClientSession, url: str, key_id: str, secret: str, templates: Templates
    ) -> None:
        self._session, self._url = session, URL(url)
        self._key_id, self._secret, self._templates = key_id, secret, templates

    async def send(self, sms: Sms) -> Sent:
        """SendSms."""
        answer = await self._call(
            "SendSms",
            {
                "PhoneNumbers": national(sms.phone),
                "SignName": self._templates.sign_name,
                "TemplateCode": self._templates.codes[sms.purpose],
                "TemplateParam": json.dumps(sms.values, ensure_ascii=False),
                "OutId": str(sms.message_id),
            },
        )
        if not isinstance(answer, bytes):
            return answer
        return classify(answer)

    async def find(self, sms: Sms, call: Call) -> Found:
        """QuerySendDetails of the day of the call, matched by OutId."""
        matched: list[Detail] = []
        for day in days_of(call.called_at):
            listed = await self._list(sms, call, day)
            if not isinstance(listed, list):
                return listed
            matched += listed
        return judge(matched, call.ref)

    async def _list(self, sms: Sms, call: Call, day: date) -> list[Detail] | Found:
        matched: list[Detail] = []
        for page in range(1, MOST_PAGES + 1):
            listing = await self._page(sms, call, day, page)
            if not isinstance(listing, list):
                return listing
            matched += [d for d in listing if d.OutId == str(sms.message_id)]
            if len(listing) < PAGE:
                return matched
        # Not having read all, we may not say that it is not there.
        return matched or Unknown("too_many_messages")

    async def _page(self, sms: Sms, call: Call, day: date, page: int) -> list[Detail] | Found:
        query = {
            "PhoneNumber": national(sms.phone),
            "SendDate": f"{day:%Y%m%d}",
            "PageSize": str(PAGE),
            "CurrentPage": str(page),
        }
        answer = await self._call("QuerySendDetails", query)
        if not isinstance(answer, bytes):
            return answer
        return read_listing(answer)

    async def _call(self, action: str, query: Mapping[str, str]) -> bytes | Sent:
        """The body of any answer below 500, or what its lack means."""
        text = acs3.query_string(query)
        wanted = acs3.Action(self._host, self._url.raw_path, action, VERSION, query)
        headers = acs3.headers(wanted, self._key_id, self._secret, datetime.now(UTC), uuid4().hex)
        url = URL(f"{self._url.with_query(None)}?{text}", encoded=True)
        try:
            async with self._session.post(url, headers=headers, allow_redirects=False) as response:
                body = await response.read()
        except ClientConnectorError:
            return UNREACHABLE
        except (ClientError, TimeoutError) as error:
            # Its text may quote the address, which carries the number.
            return Unknown(type(error).__name__)
        failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return Unknown(f"http_{response.status}") if failed else body

    @property
    def _host(self) -> str:
        port = "" if self._url.is_default_port() else f":{self._url.port}"
        return f"{self._url.host}{port}"


def classify(body: bytes) -> Sent:
    """What SendSms's answer means."""
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError:
        return Unknown("garbage")
    if answer.Code == OK:
        return Accepted(answer.BizId)
    if not is_known(answer.Code):
        log.get().error("vendor code was not in the table", vendor="aliyun", code=answer.Code)
    return refusal(answer.Code)


def read_listing(body: bytes) -> list[Detail] | Found:
    """The messages of one page, or why there is none."""
    try:
        listing = Listing.model_validate_json(body)
    except ValidationError:
        return Unknown("garbage")
    if listing.Code == OK:
        return listing.SmsSendDetailDTOs.SmsSendDetailDTO
    refused = refusal(listing.Code)
    return refused if isinstance(refused, (TryLater, Held)) else Unknown(listing.Code)


def judge(matched: Sequence[Detail], ref: str | None) -> Found:
    """One answer from all that the vendor lists for us: the best news counts."""
    states = {detail.SendStatus for detail in matched}
    if DELIVERED in states:
        return Delivered()
    if states - {FAILED}:
        return Accepted(ref)
    return Refused(matched[0].ErrCode or "undelivered") if matched else NotFound()


def national(phone: str) -> str:
    """Mainland numbers without +86, others with country code and no plus [D]."""
    return phone.removeprefix("+86") if phone.startswith("+86") else phone.removeprefix("+")


def days_of(called_at: datetime) -> list[date]:
    """The vendor's days on which a call may be listed, earliest first."""
    around = (called_at - NEAR_MIDNIGHT, called_at, called_at + NEAR_MIDNIGHT)
    return sorted({service_day(moment) for moment in around})
