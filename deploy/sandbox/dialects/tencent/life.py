"""An SMS's life at Tencent Cloud, and the calls about it."""

import sqlite3
import time
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, Field

from deploy.sandbox import texts
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.tencent.account import NAME, Account
from deploy.sandbox.digits import ending, national
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action
from deploy.sandbox.texting import Line, accept, arrives, refuse
from deploy.sandbox.when import china_text, now

MESSAGES = {"Ok": "send success"}
# Refused in the answer, by the number's ending.
ENDINGS = {
    "02": "InvalidParameterValue.IncorrectPhoneNumber",
    "04": "RequestLimitExceeded",
    "05": "LimitExceeded.PhoneNumberDailyLimit",
    "06": "FailedOperation.PhoneNumberInBlacklist",
}
FAILURES = {"03": "UNDELIV"}
DELIVERED = "DELIVRD"


class SendSms(BaseModel):
    """Parameters of SendSms [D]; here to one phone, though the vendor takes 200."""

    PhoneNumberSet: Annotated[list[str], Field(min_length=1, max_length=1)]
    SmsSdkAppId: str
    SignName: str
    TemplateId: str
    TemplateParamSet: list[str] = []
    SessionContext: Annotated[str, Field(max_length=511)] = ""


def refusal_code(parts: Parts, call: SendSms, phone: str | None) -> str | None:
    """Why the vendor would not send, in its order of checks [M]; None when it would."""
    account = parts.account(Account)
    registered = texts.by_id(account.templates)
    if call.SmsSdkAppId != account.app_id:
        return "UnauthorizedOperation.SmsSdkAppIdVerifyFail"
    if call.SignName != account.sign_name:
        return "FailedOperation.SignatureIncorrectOrUnapproved"
    if call.TemplateId not in registered:
        return "FailedOperation.TemplateUnapprovedOrNotExist"
    if len(texts.VARIABLE.findall(registered[call.TemplateId])) != len(call.TemplateParamSet):
        return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    if phone is None:
        return "InvalidParameterValue.IncorrectPhoneNumber"
    if parts.faults.strike(NAME, {"empty_wallet"}):
        return "FailedOperation.InsufficientBalanceInSmsPackage"
    return ENDINGS.get(ending(phone))


def send(parts: Parts, call: SendSms) -> dict[str, Any]:
    """One of SendStatusSet. Not idempotent: the same SessionContext twice is two messages."""
    [written] = call.PhoneNumberSet
    phone = national(written, ("+86",))
    code = refusal_code(parts, call, phone)
    line = Line(NAME, phone or written, call.TemplateId, content(parts, call), call.SessionContext)
    serial = "" if code else f"5000:{time.time_ns()}{uuid.uuid4().int % 1000:03}"
    if code:
        refuse(parts, line, code)
    else:
        accept(parts, line, serial, parts.account(Account).report_url)
    status = {"SerialNo": serial, "PhoneNumber": written, "Fee": 0 if code else 1}
    status |= {"SessionContext": call.SessionContext, "IsoCode": "CN"}
    said = code or "Ok"
    return status | {"Code": said, "Message": MESSAGES.get(said, said)}


def content(parts: Parts, call: SendSms) -> str:
    """The text that the phone shows; variables go by their places."""
    template = texts.by_id(parts.account(Account).templates).get(call.TemplateId, "")
    values = dict(zip(texts.VARIABLE.findall(template), call.TemplateParamSet, strict=False))
    return f"【{call.SignName}】{texts.filled(template, values)}"


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock."""
    return {f"{NAME}.report": arrives(parts, FAILURES, DELIVERED, told)}


def told(_: Parts, row: sqlite3.Row, url: str) -> Callback:
    """The delivery report, and its contrary."""
    arrived = row["state"] == "delivered"
    return Callback(NAME, row["id"], url, report_json(row, arrived), report_json(row, not arrived))


def report_json(row: sqlite3.Row, arrived: bool) -> list[dict[str, str]]:
    """An array, here of one [D]; SessionContext is not in it."""
    report = {"user_receive_time": china_text(row["reported_at"]), "nationcode": "86"}
    report |= {"mobile": row["phone"], "report_status": "SUCCESS" if arrived else "FAIL"}
    return [report | {"errmsg": row["code"], "description": row["code"], "sid": row["biz_id"]}]


def heard(parts: Parts, phone: str, text: str) -> bool:
    """What a phone wrote back [D]; False if no address is configured."""
    account = parts.account(Account)
    if account.inbound_url is None:
        return False
    reply: dict[str, Any] = {"extend": "", "mobile": phone, "nationcode": "86", "text": text}
    reply |= {"sign": account.sign_name, "time": int(now())}
    call = Callback(NAME, 0, account.inbound_url, reply, reply | {"text": "forged"})
    plan_callback(parts.book.db, parts.faults, call, parts.config.delay_scale)
    return True
