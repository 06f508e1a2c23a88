"""The customer's account at Alibaba Cloud, and what is registered with the carriers."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deploy.sandbox import texts
from deploy.sandbox.dialect import is_http
from deploy.sandbox.texts import Registered

NAME = "aliyun"


class Account(BaseModel):
    """Log-in, the registered signature and templates, and where reports and replies go."""

    model_config = ConfigDict(frozen=True)

    key_id: str = Field(min_length=1)
    key_secret: str = Field(min_length=1)
    report_url: Annotated[str, AfterValidator(is_http)] | None = None
    inbound_url: Annotated[str, AfterValidator(is_http)] | None = None
    sign_name: str = Field("码上评", min_length=1)
    templates: Registered = texts.numbered("SMS_4800{:05}".format)
