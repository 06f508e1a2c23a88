"""An SMS's life: refused at once, or waiting and then delivered or failed, with a report."""

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from deploy.sandbox import texts
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.aliyun.account import NAME, Account
from deploy.sandbox.dialects.aliyun.codes import (
    DELIVERED,
    ENDINGS,
    FAILURES,
    UNDELIVERED,
)
from deploy.sandbox.digits import ending, national
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action
from deploy.sandbox.texting import Line, accept, arrives, refuse
from deploy.sandbox.when import china_text, now

PREFIXES = ("+86", "0086", "86", "")  # [D]


class SendSms(BaseModel):
    """Parameters of SendSms [D]; OutId [M]. One number; the vendor takes up to 1,000 [M]."""

    PhoneNumbers: str = Field(min_length=1)
    SignName: str = Field(min_length=1)
    TemplateCode: str = Field(min_length=1)
    TemplateParam: str = ""
    OutId: Annotated[str, Field(max_length=256)] = ""


def refusal_code(parts: Parts, call: SendSms, phone: str | None) -> str | None:
    """Why the vendor would not send, in its order of checks [M]; None when it would."""
    account = parts.account(Account)
    variables = read_variables(call.TemplateParam)
    if call.SignName != account.sign_name:
        return "isv.SMS_SIGNATURE_ILLEGAL"
    registered = texts.by_id(account.templates)
    if call.TemplateCode not in registered:
        return "isv.SMS_TEMPLATE_ILLEGAL"
    if variables is None:
        return "isv.INVALID_JSON_PARAM"
    if set(texts.VARIABLE.findall(registered[call.TemplateCode])) - variables.keys():
        return "isv.TEMPLATE_MISSING_PARAMETERS"
    if phone is None:
        return "isv.MOBILE_NUMBER_ILLEGAL"
    if parts.faults.strike(NAME, {"empty_wallet"}):
        return "isv.AMOUNT_NOT_ENOUGH"
    return ENDINGS.get(ending(phone))


def read_variables(text: str) -> Mapping[str, str] | None:
    """The template's variables; None when the JSON is not an object."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return None
    return {k: clean(str(v)) for k, v in value.items()} if isinstance(value, dict) else None


def clean(text: str) -> str:
    """Without the lone surrogates that JSON escapes can make and no text can hold."""
    return text.encode(errors="replace").decode()


def send(parts: Parts, call: SendSms) -> tuple[str, str]:
    """Code and BizId. Not idempotent: the same OutId twice is two messages [D]."""
    phone = national(call.PhoneNumbers, PREFIXES)
    code = refusal_code(parts, call, phone)
    said = content(parts, call)
    line = Line(NAME, phone or call.PhoneNumbers, call.TemplateCode, said, call.OutId)
    if code is not None:
        refuse(parts, line, code)
        return code, ""
    biz_id = f"{time.time_ns() // 1000}{time.monotonic_ns() % 1000:03}^0"
    accept(parts, line, biz_id, parts.account(Account).report_url)
    return "OK", biz_id


def content(parts: Parts, call: SendSms) -> str:
    """The text that the phone shows."""
    template = texts.by_id(parts.account(Account).templates).get(call.TemplateCode, "")
    values = read_variables(call.TemplateParam) or {}
    return f"【{call.SignName}】{texts.filled(template, values)}"


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock."""
    return {f"{NAME}.report": arrives(parts, FAILURES, DELIVERED[0], told)}


def told(_: Parts, row: sqlite3.Row, url: str) -> Callback:
    """The delivery report, and its contrary."""
    arrived = row["state"] == "delivered"
    return Callback(NAME, row["id"], url, report_json(row, arrived), report_json(row, not arrived))


def report_json(row: sqlite3.Row, arrived: bool) -> list[dict[str, Any]]:
    """SmsReport: an array, here of one [D]."""
    code, message = DELIVERED if arrived else UNDELIVERED
    report = {"phone_number": row["phone"], "send_time": china_text(row["sent_at"])}
    report |= {"report_time": china_text(row["reported_at"]), "success": arrived}
    report |= {"err_code": code, "err_msg": message, "sms_size": "1"}
    return [report | {"biz_id": row["biz_id"], "out_id": row["out_id"]}]


def heard(parts: Parts, phone: str, text: str) -> bool:
    """SmsUp: what a phone wrote back [M]; False if no address is configured."""
    url = parts.account(Account).inbound_url
    if url is None:
        return False
    reply: dict[str, Any] = {"phone_number": phone, "content": text, "send_time": china_text(now())}
    reply |= {"dest_code": "1069000000", "sequence_id": time.time_ns(), "sign_name": ""}
    call = Callback(NAME, 0, url, [reply], [reply | {"content": "forged"}])
    plan_callback(parts.book.db, parts.faults, call, parts.config.delay_scale)
    return True
