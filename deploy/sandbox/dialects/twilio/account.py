"""The customer's account at Twilio."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deploy.sandbox.dialect import is_http

NAME = "twilio"


class Account(BaseModel):
    """Log-in, the number that is ours, and where replies go; reports go where a message says.

    ``report_url`` is what such an account has for messages that say nothing.
    """

    model_config = ConfigDict(frozen=True)

    account_sid: str = Field(min_length=1)
    auth_token: str = Field(min_length=1)
    report_url: Annotated[str, AfterValidator(is_http)] | None = None
    inbound_url: Annotated[str, AfterValidator(is_http)] | None = None
    sender: str = Field("+15005550006", min_length=1)
