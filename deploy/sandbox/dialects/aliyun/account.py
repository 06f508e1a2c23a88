"""The customer's account at Alibaba Cloud, and what is registered with the carriers."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter

NAME = "aliyun"
_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def is_http(url: str) -> str:
    """Check an address and keep it as it was written."""
    _URL.validate_python(url)
    return url


class Account(BaseModel):
    """Log-in, the registered signature and templates, and where reports and replies go."""

    model_config = ConfigDict(frozen=True)

    key_id: str = Field(min_length=1)
    key_secret: str = Field(min_length=1)
    report_url: Annotated[str, AfterValidator(is_http)] | None = None
    inbound_url: Annotated[str, AfterValidator(is_http)] | None = None
    sign_name: str = Field("码上评", min_length=1)
    template_thanks: str = Field("SMS_480000001", min_length=1)
    template_paid: str = Field("SMS_480000002", min_length=1)
    template_code: str = Field("SMS_480000003", min_length=1)
    template_invitation: str = Field("SMS_480000004", min_length=1)
    template_unreached: str = Field("SMS_480000005", min_length=1)
    template_receipt: str = Field("SMS_480000006", min_length=1)
    template_word: str = Field("SMS_480000007", min_length=1)
    template_urgent: str = Field("SMS_480000008", min_length=1)

    @property
    def templates(self) -> Mapping[str, str]:
        """The texts by template id; a text names its variables as ``${name}``."""
        return {
            self.template_thanks: "感谢您对公安机关窗口民警服务的监督。",
            self.template_paid: "奖励话费${amount}元已到账，感谢您的监督。",
            self.template_code: "验证码${code}，10分钟内有效。不要告诉别人。",
            self.template_invitation: "随机抽到请您评一评，一次有效，也可以点进去退订：${link}",
            self.template_unreached: "您反映的事，我们几次去电未接通。核查照常进行，结果见回执。",
            self.template_urgent: "有群众急件等人接，请马上登录工作台。",
            self.template_word: "您反映的事还在办理，经办人员在回执上给您留了话。",
            self.template_receipt: "您反映的事已经登记，在这里看进展：${link}",
        }
