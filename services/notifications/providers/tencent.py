"""Tencent Cloud SendSms 2021-01-11.

Not idempotent, so an answer that is lost or unreadable means Unknown, and
PullSmsSendStatusByPhoneNumber is asked for our reference (SessionContext, repeated in the list
[C]). It lists only what a carrier has reported on, which takes longer than taking it: what is not
there counts as never taken after `REPORTED` alone. The vendor lives in real time. [D]/[C]/[M]: as
in tencent_codes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from services.notifications.providers import tencent_reports
from services.notifications.providers import tencent_tc3 as tc3
from services.notifications.providers.protocol import (
    VALUES,
    Call,
    Inbound,
    Provider,
    Sms,
    SmsSettings,
)
from services.notifications.providers.tencent_answers import (
    Report,
    classify,
    judge,
    read_reports,
)
from shared.vendors import vendor
from shared.vendors.client import Client, body_of
from shared.vendors.outcomes import NotFound, Outcome, TryLater, Unknown
from shared.vendors.vendor import Reply, Terms

SERVICE, VERSION = "sms", "2021-01-11"
MOST = 100  # of a list, which has no second page [D]
# Their clock and ours may differ by as much as they let us sign.
SKEW = timedelta(minutes=5)
REPORTED = timedelta(minutes=10)


class Settings(SmsSettings, env_prefix="MASHANG_TENCENT_"):
    """The account, its application, and the signature that is registered with the carriers."""

    key_id: Annotated[str, Field(min_length=1)]
    key_secret: Annotated[SecretStr, Field(min_length=1)]
    app_id: Annotated[str, Field(min_length=1)]
    sign_name: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(min_length=1)] = "ap-guangzhou"


def make(terms: Terms) -> "Tencent":
    """From the environment. Misconfigured names what is wrong."""
    return Tencent(vendor.settings(Settings), terms)


class Tencent(Provider):
    """One application of one account at Tencent Cloud."""

    name: ClassVar[str] = "tencent"
    reply: ClassVar[Reply] = Reply('{"result": 0, "errmsg": "OK"}')  # [D]

    def __init__(self, settings: Settings, terms: Terms) -> None:
        super().__init__(Client(str(settings.url), terms.seconds), settings.report_secret)
        self._settings = settings

    async def send(self, sms: Sms) -> Outcome:
        """SendSms; the template's variables go by their places."""
        answer = await self._call(
            "SendSms",
            {
                "PhoneNumberSet": [sms.phone],
                "SmsSdkAppId": self._settings.app_id,
                "SignName": self._settings.sign_name,
                "TemplateId": self._settings.template(sms),
                "TemplateParamSet": [sms.values[name] for name in VALUES.get(sms.purpose, ())],
                "SessionContext": str(sms.message_id),
            },
        )
        return classify(answer) if isinstance(answer, bytes) else answer

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """PullSmsSendStatusByPhoneNumber since the call, matched by SessionContext."""
        listed = await self._listed(sms, call)
        if not isinstance(listed, list):
            return listed
        ours = [one for one in listed if one.SessionContext == str(sms.message_id)]
        if not ours and len(listed) >= MOST:
            # Not having read all, we may not say that it is not there.
            return Unknown("too_many_messages")
        found = judge(ours, call.ref)
        early = datetime.now(UTC) - call.called_at < REPORTED
        return Unknown("not_reported") if early and isinstance(found, NotFound) else found

    async def _listed(self, sms: Sms, call: Call) -> list[Report] | Outcome:
        query = {
            "PhoneNumber": sms.phone,
            "SmsSdkAppId": self._settings.app_id,
            "BeginTime": int((call.called_at - SKEW).timestamp()),
            "Offset": 0,
            "Limit": MOST,
        }
        answer = await self._call("PullSmsSendStatusByPhoneNumber", query)
        return read_reports(answer) if isinstance(answer, bytes) else answer

    def read_report(self, body: bytes) -> list[str]:
        """The vendor's own references, judged entry by entry."""
        return tencent_reports.references(body)

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """One reply, unsigned, so by its address alone."""
        return [tencent_reports.reply(body, self.report_secret)]

    async def _call(self, action: str, wanted: Mapping[str, object]) -> bytes | TryLater | Unknown:
        """The body of any answer below 500, or what its lack means."""
        body = json.dumps(wanted, ensure_ascii=False).encode()
        call = tc3.Action(self.client.host, self.client.base.raw_path, SERVICE, action, body)
        secret = self._settings.key_secret.get_secret_value()
        headers = tc3.headers(call, self._settings.key_id, secret, datetime.now(UTC))
        headers |= {"x-tc-version": VERSION, "x-tc-region": self._settings.region}
        return body_of(await self.client.call("POST", headers=headers, data=body))
