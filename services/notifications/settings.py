"""The environment of notifications."""

from datetime import timedelta

from pydantic import AnyHttpUrl, Field

from services.notifications.rules import Limits
from shared.config import KeyRing
from shared.vendors.vendor import Terms
from shared.web.session import StaffSettings


class Settings(StaffSettings):
    """Which vendor, and how long to wait for what it says; what it needs stands in its adapter.

    `report_url` is where the vendor reaches us.
    """

    seal_keys_phone: KeyRing
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

    @property
    def terms(self) -> Terms:
        """What the vendor is told, whichever it is."""
        return Terms(self.sms_timeout_seconds, str(self.report_url))
