"""Alibaba Cloud Dysmsapi 2017-05-25.

SendSms is not idempotent [D], so an answer that is lost or unreadable means Unknown, and
QuerySendDetails is asked for our reference (OutId, echoed in the list [M]). Messages are classified
by the vendor's code, except that a 5xx is always Unknown. The vendor lives in real time: neither
the signature's date nor the day of a query follows a moved clock. [D]/[M]: as in aliyun_codes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from services.notifications.providers import aliyun_acs3 as acs3
from services.notifications.providers import aliyun_reports
from services.notifications.providers.aliyun_answers import (
    Detail,
    classify,
    judge,
    read_listing,
)
from services.notifications.providers.protocol import Call, Inbound, Provider, Sms, SmsSettings
from shared.values.clock import SHANGHAI, service_day
from shared.vendors import vendor
from shared.vendors.client import Client, body_of
from shared.vendors.outcomes import Outcome, TryLater, Unknown
from shared.vendors.vendor import Reply, Terms

VERSION = "2017-05-25"
PAGE = 50
MOST_PAGES = 20
# A call just before midnight may be listed under the next day.
NEAR_MIDNIGHT = timedelta(minutes=5)


class Settings(SmsSettings, env_prefix="MASHANG_ALIYUN_"):
    """The account, and the signature that is registered with the carriers."""

    key_id: Annotated[str, Field(min_length=1)]
    key_secret: Annotated[SecretStr, Field(min_length=1)]
    sign_name: Annotated[str, Field(min_length=1)]


def make(terms: Terms) -> "Aliyun":
    """From the environment. Misconfigured names what is wrong."""
    return Aliyun(vendor.settings(Settings), terms)


class Aliyun(Provider):
    """One account at Alibaba Cloud."""

    name: ClassVar[str] = "aliyun"
    reply: ClassVar[Reply] = Reply('{"code": 0, "msg": "taken"}')  # [D]

    def __init__(self, settings: Settings, terms: Terms) -> None:
        super().__init__(Client(str(settings.url), terms.seconds), settings.report_secret)
        self._settings = settings

    async def send(self, sms: Sms) -> Outcome:
        """SendSms."""
        answer = await self._call(
            "SendSms",
            {
                "PhoneNumbers": national(sms.phone),
                "SignName": self._settings.sign_name,
                "TemplateCode": self._settings.template(sms),
                "TemplateParam": json.dumps(sms.values, ensure_ascii=False),
                "OutId": str(sms.message_id),
            },
        )
        if not isinstance(answer, bytes):
            return answer
        return classify(answer)

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """QuerySendDetails of the day of the call, matched by OutId."""
        matched: list[Detail] = []
        for day in days_of(call.called_at):
            listed = await self._list(sms, call, day)
            if not isinstance(listed, list):
                return listed
            matched += listed
        return judge(matched, call.ref)

    async def _list(self, sms: Sms, call: Call, day: date) -> list[Detail] | Outcome:
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

    async def _page(self, sms: Sms, call: Call, day: date, page: int) -> list[Detail] | Outcome:
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

    def read_report(self, body: bytes) -> list[str]:
        """Judged entry by entry."""
        return aliyun_reports.references(body)

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """Unsigned, so by its address alone."""
        return aliyun_reports.replies(body)

    async def _call(self, action: str, query: Mapping[str, str]) -> bytes | TryLater | Unknown:
        """The body of any answer below 500, or what its lack means."""
        path = self.client.base.raw_path
        wanted = acs3.Action(self.client.host, path, action, VERSION, query)
        secret = self._settings.key_secret.get_secret_value()
        at, nonce = datetime.now(UTC), uuid4().hex
        headers = acs3.headers(wanted, self._settings.key_id, secret, at, nonce)
        return body_of(await self.client.call("POST", query=query, headers=headers))


def national(phone: str) -> str:
    """Mainland numbers without +86, others with country code and no plus [D]."""
    return phone.removeprefix("+86") if phone.startswith("+86") else phone.removeprefix("+")


def days_of(called_at: datetime) -> list[date]:
    """The vendor's days on which a call may be listed, earliest first."""
    around = (called_at - NEAR_MIDNIGHT, called_at, called_at + NEAR_MIDNIGHT)
    return sorted({service_day(moment, SHANGHAI) for moment in around})
