"""The environment of notifications."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, Field, SecretStr

from services.notifications.rules import Limits
from shared import config
from shared.config import Key

Secret = Annotated[SecretStr, Field(min_length=1)]
Text = Annotated[str, Field(min_length=1)]


class Settings(config.Settings):
    """The SMS vendor's account, and how long to wait for what it says."""

    sms_vendor: Literal["aliyun"] = "aliyun"
    aliyun_url: AnyHttpUrl
    aliyun_key_id: Text
    aliyun_key_secret: Secret
    aliyun_sign_name: Text
    aliyun_template_thanks: Text
    aliyun_template_paid: Text
    callback_secret: Annotated[SecretStr, Field(min_length=16)]
    identity_public: Key
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
