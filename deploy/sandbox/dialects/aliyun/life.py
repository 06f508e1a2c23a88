"""An SMS's life: refused at once, or waiting and then delivered or failed, with a report."""

import json
import re
import sqlite3
import time
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.aliyun.account import NAME, Account
from deploy.sandbox.dialects.aliyun.codes import (
    DELIVERED,
    ENDINGS,
    UNDELIVERED,
    UNDELIVERED_ENDING,
)
from deploy.sandbox.digits import ending, national, settle_seconds
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.when import china_text, now

PREFIXES = ("+86", "0086", "86", "")  # [D]
VARIABLE = re.compile(r"\$\{(\w+)\}")


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
    if call.TemplateCode not in account.templates:
        return "isv.SMS_TEMPLATE_ILLEGAL"
    if variables is None:
        return "isv.INVALID_JSON_PARAM"
    if set(VARIABLE.findall(account.templates[call.TemplateCode])) - variables.keys():
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
    if code is not None:
        write(parts, call, phone or call.PhoneNumbers, "refused", code, None)
        return code, ""
    biz_id = f"{time.time_ns() // 1000}{time.monotonic_ns() % 1000:03}^0"
    row_id = write(parts, call, phone or "", "waiting", "", biz_id)
    seconds = settle_seconds(phone or "", parts.config.delay_scale)
    add_task(parts.book.db, "aliyun.report", row_id, seconds)
    return "OK", biz_id


def write(
    parts: Parts, call: SendSms, phone: str, state: str, code: str, biz_id: str | None
) -> int:
    """A line of the book, also for what was refused."""
    added = parts.book.db.execute(
        "INSERT INTO sms (vendor, biz_id, phone, template, content, out_id, state, code, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            NAME,
            biz_id,
            phone,
            call.TemplateCode,
            content(parts, call),
            call.OutId,
            state,
            code,
            now(),
        ),
    )
    return added.lastrowid or 0


def content(parts: Parts, call: SendSms) -> str:
    """The text that the phone shows."""
    template = parts.account(Account).templates.get(call.TemplateCode, "")
    values = read_variables(call.TemplateParam) or {}
    text = VARIABLE.sub(lambda m: values.get(m[1], m[0]), template)
    return f"【{call.SignName}】{text}"


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock."""

    async def report(task: Task) -> None:
        with parts.book.writing() as db:
            row = db.execute("SELECT * FROM sms WHERE id = ?", (task.ref,)).fetchone()
            arrived = ending(row["phone"]) != UNDELIVERED_ENDING
            code = (DELIVERED if arrived else UNDELIVERED)[0]
            db.execute(
                "UPDATE sms SET state = ?, code = ?, reported_at = ? WHERE id = ?",
                ("delivered" if arrived else "failed", code, now(), task.ref),
            )
            tell(parts, task.ref)
            finish_task(db, task)

    return {"aliyun.report": report}


def tell(parts: Parts, row_id: int) -> None:
    """Plan the delivery report, if an address is configured."""
    url = parts.account(Account).report_url
    if url is None:
        return
    row = parts.book.db.execute("SELECT * FROM sms WHERE id = ?", (row_id,)).fetchone()
    arrived = row["state"] == "delivered"
    told = Callback(NAME, row_id, url, report_json(row, arrived), report_json(row, not arrived))
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)


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
    told = Callback(NAME, 0, url, [reply], [reply | {"content": "forged"}])
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
    return True
