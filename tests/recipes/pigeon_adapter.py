"""Pigeon post, an SMS vendor that does not exist: the adapter of README's second recipe."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr, ValidationError

from services.notifications.providers.protocol import Call, Inbound, Provider, Sms, SmsSettings
from shared.vendors import vendor
from shared.vendors.client import Answer, Client
from shared.vendors.outcomes import Accepted, Done, Held, NotFound, Outcome, Rejected, TryLater
from shared.vendors.outcomes import Unknown as Perhaps
from shared.vendors.vendor import NotAReport, Terms

FINAL = frozenset({"NO_SUCH_LOFT"})
LATER: Mapping[str, timedelta] = {"STORM": timedelta(seconds=5), "TIRED": timedelta(hours=1)}


class Settings(SmsSettings, env_prefix="MASHANG_PIGEON_"):
    """The loft's key."""

    key: SecretStr = Field(min_length=1)


class _Answer(BaseModel):
    code: str
    id: str | None = None
    state: str | None = None


class _Report(BaseModel):
    reference: str


class _Home(BaseModel):
    id: str
    sender: str
    text: str


class Pigeon(Provider):
    """One loft."""

    name: ClassVar[str] = "pigeon"

    def __init__(self, settings: Settings, terms: Terms) -> None:
        headers = {"X-Key": settings.key.get_secret_value()}
        super().__init__(Client(str(settings.url), terms.seconds, headers), settings.report_secret)
        self._settings = settings

    async def send(self, sms: Sms) -> Outcome:
        """A letter."""
        template = self._settings.template(sms)
        letter = {"to": sms.phone, "template": template, "reference": str(sms.message_id)}
        return judge(await self.client.call("POST", json=letter | {"values": sms.values}))

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """What became of it."""
        outcome = judge(await self.client.call("GET", query={"reference": str(sms.message_id)}))
        return Perhaps(outcome.code) if isinstance(outcome, Held) else outcome

    def read_report(self, body: bytes) -> list[str]:
        """A reference."""
        try:
            return [_Report.model_validate_json(body).reference]
        except ValidationError:
            raise NotAReport("no reference") from None

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> list[Inbound]:
        """A letter home."""
        try:
            told = _Home.model_validate_json(body)
        except ValidationError:
            raise NotAReport("no letter") from None
        return [Inbound(told.id, told.sender, told.text)]


def make(terms: Terms) -> Pigeon:
    """From the environment."""
    return Pigeon(vendor.settings(Settings), terms)


def judge(answer: Answer | TryLater | Perhaps) -> Outcome:
    """What an answer means."""
    if not isinstance(answer, Answer):
        return answer
    try:
        told = _Answer.model_validate_json(answer.body)
    except ValidationError:
        return Perhaps(f"http_{answer.status}")
    known: Mapping[str, Outcome] = {
        "OK": Accepted(told.id, "OK"),
        "UNKNOWN_LETTER": NotFound(),
        "ARRIVED": Done(told.id, "ARRIVED"),
        "LOST": Rejected("LOST", retriable=False),
        **{code: TryLater(code, after) for code, after in LATER.items()},
        **{code: Rejected(code, retriable=False) for code in FINAL},
    }
    return known.get(told.code, Held(told.code))
