"""What rewards needs beside what every service needs."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    DirectoryPath,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from services.rewards.rules.payouts import Pace
from shared.config import Key, KeyRing
from shared.values.notes import Signer
from shared.vendors.vendor import Terms
from shared.web.session import StaffSettings

HOUR, DAY, YEAR = 3600, 86_400, 366 * 86_400


def _names(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(name.strip() for name in text.split(",")) if text.strip() else ()


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("should name each vendor once")
    return names


VendorNames = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(_once), Field(min_length=1)
]


class Settings(StaffSettings):
    """Times in seconds. What a chosen vendor needs stands in its adapter.

    `airtime_vendors` take new orders, the first while it can, the next where it certainly failed or
    takes none; `airtime_retired` are only asked about their old ones.
    `report_url` is where the vendor reaches us. A call to it ends after `call_s`, within the lease.
    `vendor_window_s` is how long after sending an order two people must wait to write it off.
    `paper_fonts` are those of its documents; `close_key` signs the ledger's months, and its public
    half stays known when another one follows.
    """

    seal_keys_phone: KeyRing
    close_key: Key
    airtime_vendors: VendorNames
    airtime_retired: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(_once)
    ] = ()
    report_url: AnyHttpUrl
    call_s: float = Field(default=20, gt=0, le=HOUR)
    lease_s: float = Field(default=30, gt=0, le=DAY)
    resend_after_s: float = Field(default=30, gt=0, le=DAY)
    resend_within_s: float = Field(default=DAY, ge=0, le=YEAR)
    vendor_window_s: float = Field(default=7 * DAY, gt=0, le=YEAR)
    held_pause_s: float = Field(default=300, gt=0, le=DAY)
    max_failures: int = Field(default=3, ge=1, le=1000)
    paper_fonts: DirectoryPath | None = None

    @field_validator("airtime_retired")
    @classmethod
    def _sells_no_more(cls, names: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if set(names) & set(others.data.get("airtime_vendors", ())):
            raise ValueError("should name none of MASHANG_AIRTIME_VENDORS")
        return names

    @field_validator("lease_s")
    @classmethod
    def _outlasts_the_call(cls, lease_s: float, others: ValidationInfo) -> float:
        if lease_s <= others.data.get("call_s", 0):
            raise ValueError("should be longer than MASHANG_CALL_S")
        return lease_s

    @property
    def pace(self) -> Pace:
        """How patient the payouts are."""
        return Pace(
            lease=timedelta(seconds=self.lease_s),
            resend_after=timedelta(seconds=self.resend_after_s),
            resend_within=timedelta(seconds=self.resend_within_s),
            vendor_window=timedelta(seconds=self.vendor_window_s),
            held_pause=timedelta(seconds=self.held_pause_s),
            max_failures=self.max_failures,
        )

    @property
    def signer(self) -> Signer:
        """By whom a closed month is signed."""
        return Signer(f"{urlsplit(self.public_url).netloc}/closes", self.close_key)

    @property
    def terms(self) -> Terms:
        """What the vendor is told, whichever it is."""
        return Terms(self.call_s, str(self.report_url))
