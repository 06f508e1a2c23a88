"""The environment of notifications."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AnyHttpUrl, BeforeValidator, Field
from pydantic_settings import NoDecode

from services.notifications.rules.messages import Limits
from services.notifications.rules.sparing import Thrift
from shared.config import Key, KeyRing
from shared.policy import Policies
from shared.vendors.vendor import Terms
from shared.web.session import StaffSettings


def _prices(text: object) -> object:
    """`"one=5,other=60"` → what an SMS costs at each vendor, in whole fen."""
    if not isinstance(text, str):
        return text
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if not all(name and fen.isascii() and fen.isdecimal() for name, _, fen in pairs):
        raise ValueError("should be VENDOR=FEN, separated by commas")
    return {name: int(fen) for name, _, fen in pairs}


Prices = Annotated[Mapping[str, int], NoDecode, BeforeValidator(_prices)]


class Settings(StaffSettings):
    """Which vendor, and how long to wait for what it says; what it needs stands in its adapter.

    `report_url` is where the vendor reaches us, `sms_fen` what an SMS costs at each. `index_key` is
    this service's own: its hashes of phones fit nobody else's. Only against a sandbox SMS are not
    `sms_patient`: quiet hours and a number's rest are not kept.
    """

    seal_keys_phone: KeyRing
    index_key: Key
    sms_fen: Prices = Field(default_factory=dict)
    sms_patient: bool = True
    sms_vendor: str
    report_url: AnyHttpUrl
    sms_timeout_seconds: float = Field(default=10, gt=0, le=14)
    sms_settle_seconds: float = Field(default=60, ge=0)
    sms_repeats: int = Field(default=3, ge=0, le=10)
    sms_give_up_hours: float = Field(default=72, gt=0)

    @property
    def limits(self) -> Limits:
        """The same as values of the rules."""
        return Limits(
            settle_after=timedelta(seconds=self.sms_settle_seconds),
            repeats=self.sms_repeats,
            give_up=timedelta(hours=self.sms_give_up_hours),
        )

    def thrift(self, policies: Policies) -> Thrift:
        """How sparingly SMS are sent."""
        return Thrift(policies, self.sms_fen, self.sms_patient)

    @property
    def terms(self) -> Terms:
        """What the vendor is told, whichever it is."""
        return Terms(self.sms_timeout_seconds, str(self.report_url))
