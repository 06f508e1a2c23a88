"""What rewards needs beside what every service needs."""

from datetime import timedelta

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationInfo, field_validator

from services.rewards.rules.payouts import Pace
from shared import config
from shared.config import Key


class Settings(config.Settings):
    """Times in seconds. `callback_secret` is the last part of the address that the vendor calls.

    A call to the vendor ends after `call_s`, within the lease. `vendor_window_s` is how long after
    sending an order two people must wait to write it off.
    """

    airtime_vendor: str = "dtone"
    dtone_url: AnyHttpUrl
    dtone_key: SecretStr = Field(min_length=1)
    dtone_secret: SecretStr = Field(min_length=1)
    dtone_product_id: int = Field(gt=0)
    callback_url: AnyHttpUrl
    callback_secret: SecretStr = Field(min_length=16)
    identity_public: Key
    call_s: float = Field(default=20, gt=0)
    lease_s: float = Field(default=30, gt=0)
    resend_after_s: float = Field(default=30, gt=0)
    resend_within_s: float = Field(default=86_400, ge=0)
    vendor_window_s: float = Field(default=7 * 86_400, gt=0)
    held_pause_s: float = Field(default=300, gt=0)
    max_failures: int = Field(default=3, ge=1)

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

    def callback_address(self) -> str:
        """Where the vendor in use reports; secret, since the reports are not signed."""
        base = str(self.callback_url).rstrip("/")
        secret = self.callback_secret.get_secret_value()
        return f"{base}/callbacks/{self.airtime_vendor}/{secret}"
