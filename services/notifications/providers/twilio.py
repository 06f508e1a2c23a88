"""Twilio, API 2010-04-01. [D]/[C]/[M]: as in twilio_codes.

It has no idempotency and takes no reference of ours. So after a lost answer its list of messages to
the phone is read, and the message is the one with our text, noted within a minute of our call;
two equal texts to one phone within that minute count as one, since nobody could tell them apart.
Only when the list does not have it, after the usual while, is the message sent again.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import Field

from services.notifications.providers import twilio_signature as signature
from services.notifications.providers.protocol import Call, Inbound, Provider, Sms, SmsSettings
from services.notifications.providers.twilio_answers import (
    Message,
    Page,
    classify,
    judge,
    pick,
    read_message,
    read_page,
)
from shared.vendors import reports, vendor
from shared.vendors.client import Answer, Client
from shared.vendors.outcomes import NotFound, Outcome, Unknown
from shared.vendors.vendor import NotAReport, Reply, Secrets, Terms, several

FORM = {"content-type": "application/x-www-form-urlencoded"}
PAGE, MOST_PAGES = 50, 20
SERVICE = "MG"  # begins the id of a messaging service, which chooses the sender itself [C]
# The list is sorted by the day of sending, newest first [D]: what is older than this comes after.
OLDER = timedelta(days=1)


class Settings(SmsSettings, env_prefix="MASHANG_TWILIO_"):
    """The account. Here `templates` are the texts themselves, a variable being `{name}`.

    `sender` is a number of ours in E.164, or the id of a messaging service.
    """

    account_sid: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]
    auth_token: Secrets
    sender: Annotated[str, Field(min_length=1)]


def make(terms: Terms) -> "Twilio":
    """From the environment. Misconfigured names what is wrong."""
    return Twilio(vendor.settings(Settings), terms)


class Twilio(Provider):
    """One account at Twilio."""

    name: ClassVar[str] = "twilio"
    reply: ClassVar[Reply] = Reply("<Response/>", "text/xml")  # [D] nothing to send back

    def __init__(self, settings: Settings, terms: Terms) -> None:
        self._tokens = several(settings.auth_token)
        login = b64encode(f"{settings.account_sid}:{self._tokens[0]}".encode()).decode()
        headers = {"authorization": f"Basic {login}"}
        super().__init__(Client(str(settings.url), terms.seconds, headers), settings.report_secret)
        self._settings = settings
        self._messages = f"2010-04-01/Accounts/{settings.account_sid}/Messages"
        told = [(terms.reports, self.name, secret) for secret in self.report_secrets]
        self._reports_to = [reports.address(*one) for one in told]
        self._inbound_to = [reports.address(*one, reports.INBOUND) for one in told]

    async def send(self, sms: Sms) -> Outcome:
        """POST a message."""
        sender = self._settings.sender
        by = "MessagingServiceSid" if sender.startswith(SERVICE) else "From"
        fields = {"To": sms.phone, by: sender, "Body": self._text(sms)}
        body = urlencode(fields | {"StatusCallback": self._reports_to[0]}).encode()
        answer = await self.client.call("POST", self._path(".json"), headers=FORM, data=body)
        return classify(answer) if isinstance(answer, Answer) else answer

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """The message by its id; or, where the answer was lost, in the list of its phone."""
        if call.ref is not None:
            answer = await self.client.call("GET", self._path(f"/{call.ref}.json"))
            return read_message(answer) if isinstance(answer, Answer) else answer
        listed = await self._listed(sms, call)
        if not isinstance(listed, list):
            return listed
        found = pick(listed, self._text(sms), call.called_at)
        return NotFound() if found is None else judge(found)

    async def _listed(self, sms: Sms, call: Call) -> list[Message] | Outcome:
        query, listed = {"To": sms.phone, "PageSize": str(PAGE)}, list[Message]()
        for _ in range(MOST_PAGES):
            answer = await self.client.call("GET", self._path(".json"), query=query)
            page = read_page(answer) if isinstance(answer, Answer) else answer
            if not isinstance(page, Page):
                return page
            listed += page.messages
            if page.next_page_uri is None or _is_past(page, call):
                return listed
            # Of the address only the question is used: the host is ours to know.
            query = dict(parse_qsl(urlsplit(page.next_page_uri).query))
        # Not having read all, we may not say that it is not there.
        return listed if pick(listed, self._text(sms), call.called_at) else Unknown("too_many")

    def has_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """With the account's token, over the address that every message names."""
        return self._is_signed(self._reports_to, body, headers)

    def read_report(self, body: bytes) -> list[str]:
        """One message's status; only its id is believed, though it is signed."""
        sid = signature.read_form(body).get("MessageSid")
        if not sid:
            raise NotAReport("no MessageSid")
        return [sid]

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """One SMS, signed; what is not, is nobody's."""
        if not self._is_signed(self._inbound_to, body, headers):
            raise NotAReport("not signed by the vendor")
        form = signature.read_form(body)
        if not form.get("MessageSid") or not form.get("From"):
            raise NotAReport("no MessageSid, or from nobody")
        return [Inbound(form["MessageSid"], form["From"], form.get("Body", ""))]

    def _is_signed(self, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> bool:
        """While a token or an address follows another, by any of them."""
        return any(
            signature.is_signed(token, address, body, headers)
            for token in self._tokens
            for address in addresses
        )

    def _text(self, sms: Sms) -> str:
        return self._settings.template(sms).format_map(sms.values)

    def _path(self, rest: str) -> str:
        slash = "" if self.client.base.raw_path.endswith("/") else "/"
        return f"{slash}{self._messages}{rest}"


def _is_past(page: Page, call: Call) -> bool:
    oldest = [one.date_created for one in page.messages if one.date_created]
    return bool(oldest) and min(oldest) < call.called_at - OLDER
