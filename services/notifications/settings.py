"""The environment of notifications."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AnyHttpUrl, BeforeValidator, Field
from pydantic_settings import NoDecode

from services.notifications.rules.messages import Limits
from services.notifications.rules.shares import WHOLE, at_rest
from services.notifications.rules.sparing import Thrift
from shared.config import Key, KeyRing
from shared.policy import Policies
from shared.values import text
from shared.vendors.vendor import Terms
from shared.web.session import StaffSettings

Price = Annotated[int, Field(ge=0, le=100_000)]
Points = Annotated[int, Field(ge=0, le=WHOLE)]


def _prices(told: object) -> object:
    """`"one=5,other=60"` → what an SMS costs at each vendor, in whole fen."""
    if not isinstance(told, str):
        return told
    pairs = [part.strip().partition("=") for part in told.split(",") if part.strip()]
    if not all(name and text.is_digits(fen) for name, _, fen in pairs):
        raise ValueError("should be VENDOR=FEN, separated by commas")
    return {name: int(fen) for name, _, fen in pairs}


Prices = Annotated[Mapping[str, Price], NoDecode, BeforeValidator(_prices)]


def _weights(told: object) -> object:
    """`"one:70,other:30"` → where shares rest, of a hundred; without numbers alike."""
    if not isinstance(told, str):
        return told
    parts = [part.strip().partition(":") for part in told.split(",")]
    names = [name.strip() for name, _, _ in parts]
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("should name each vendor once, separated by commas")
    if not any(colon for _, colon, _ in parts):
        return {share.vendor: share.points for share in at_rest(dict.fromkeys(names, 1))}
    points = [number.strip() for _, _, number in parts]
    if not all(map(text.is_digits, points)) or _sum(points) != WHOLE:
        raise ValueError("should be VENDOR:POINTS, separated by commas, a hundred together")
    return dict(zip(names, map(int, points), strict=True))


def _sum(points: list[str]) -> int:
    return sum(int(one[:4]) for one in points)


Weights = Annotated[Mapping[str, Points], NoDecode, BeforeValidator(_weights), Field(min_length=1)]


class Settings(StaffSettings):
    """Which vendors, and how long to wait for what they say; what each needs is in its adapter.

    `sms_vendors` say where their shares rest; one at 0 is there for its old ones only. `report_url`
    is where they reach us, `sms_fen` what an SMS costs at each. `index_key` is this service's own:
    its hashes of phones fit nobody else's. Only against a sandbox SMS are not `sms_patient`: quiet
    hours and a number's rest are not kept.
    """

    seal_keys_phone: KeyRing
    index_key: Key
    sms_fen: Prices = Field(default_factory=dict)
    sms_patient: bool = True
    sms_vendors: Weights
    report_url: AnyHttpUrl
    sms_timeout_seconds: float = Field(default=10, gt=0, le=14)
    sms_settle_seconds: float = Field(default=60, ge=0, le=86_400)
    sms_repeats: int = Field(default=3, ge=0, le=10)
    sms_give_up_hours: float = Field(default=72, gt=0, le=24 * 366)

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
