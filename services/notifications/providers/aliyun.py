"""Alibaba Cloud Dysmsapi 2017-05-25.

SendSms is not idempotent [D], so an answer that is lost or unreadable means Unknown, and
QuerySendDetails is asked for our reference (OutId, echoed in the list [M]). Messages are classified
by the vendor's code, except that a 5xx is always Unknown. The vendor lives in real time: neither
the signature's date nor the day of a query follows a moved clock. [D]/[M]: as in aliyun_codes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from uuid import uuid4

from aiohttp import ClientConnectorError, ClientError, ClientSession
from yarl import URL

from services.notifications.outcomes import Found, Sent, TryLater, Unknown
from services.notifications.providers import acs3
from services.notifications.providers.aliyun_answers import (
    Detail,
    classify,
    judge,
    read_listing,
)
from services.notifications.providers.protocol import Call, Sms
from services.notifications.rules import Purpose
from shared.values.clock import service_day

VERSION = "2017-05-25"
PAGE = 50
MOST_PAGES = 20
UNREACHABLE = TryLater(timedelta(seconds=5), "unreachable")
# A call just before midnight may be listed under the next day.
NEAR_MIDNIGHT = timedelta(minutes=5)


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


def national(phone: str) -> str:
    """Mainland numbers without +86, others with country code and no plus [D]."""
    return phone.removeprefix("+86") if phone.startswith("+86") else phone.removeprefix("+")


def days_of(called_at: datetime) -> list[date]:
    """The vendor's days on which a call may be listed, earliest first."""
    around = (called_at - NEAR_MIDNIGHT, called_at, called_at + NEAR_MIDNIGHT)
    return sorted({service_day(moment) for moment in around})
