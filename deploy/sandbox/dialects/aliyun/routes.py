"""Alibaba Cloud's one address: the signature, the actions, and the answers."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from deploy.sandbox.dialects.aliyun.account import NAME, Account
from deploy.sandbox.dialects.aliyun.acs3 import WINDOW_SECONDS, SignatureError, Signed, verify
from deploy.sandbox.dialects.aliyun.codes import HTTP_STATUS, MESSAGES, SEND_STATUS
from deploy.sandbox.dialects.aliyun.life import PREFIXES, SendSms, send
from deploy.sandbox.digits import national
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.when import china_day, china_text, now

VERSION = "2017-05-25"
FORM = "application/x-www-form-urlencoded"
Call = TypeVar("Call", bound=BaseModel)


class QuerySendDetails(BaseModel):
    """Parameters of QuerySendDetails [D]; at most 50 a page [M]."""

    PhoneNumber: str = Field(min_length=1)
    SendDate: Annotated[str, Field(pattern=r"^[0-9]{8}$")]
    PageSize: int = Field(ge=1, le=50)
    CurrentPage: int = Field(ge=1)
    BizId: str = ""


def send_sms(parts: Parts, call: SendSms) -> dict[str, Any]:
    """Code, Message and (when sent) BizId."""
    code, biz_id = send(parts, call)
    return outcome(code) | ({"BizId": biz_id} if biz_id else {})


def query_send_details(parts: Parts, call: QuerySendDetails) -> dict[str, Any]:
    """What was sent to a number on a day in China, newest first."""
    try:
        first, after = china_day(datetime.strptime(call.SendDate, "%Y%m%d"))
    except ValueError:
        return outcome("isv.INVALID_PARAMETERS")
    phone = national(call.PhoneNumber, PREFIXES)
    rows = parts.book.db.execute(
        "SELECT * FROM sms WHERE vendor = ? AND phone = ? AND sent_at >= ? AND sent_at < ?"
        " AND biz_id IS NOT NULL AND (? = '' OR biz_id = ?) ORDER BY id DESC",
        (NAME, phone, first, after, call.BizId, call.BizId),
    ).fetchall()
    start = (call.CurrentPage - 1) * call.PageSize
    page = [detail_json(row) for row in rows[start : start + call.PageSize]]
    return outcome("OK") | {
        "TotalCount": str(len(rows)),
        "SmsSendDetailDTOs": {"SmsSendDetailDTO": page},
    }


def detail_json(row: sqlite3.Row) -> dict[str, Any]:
    """One message as the vendor lists it [C]."""
    return {
        "PhoneNum": row["phone"],
        "SendStatus": SEND_STATUS[row["state"]],
        "ErrCode": row["code"],
        "TemplateCode": row["template"],
        "Content": row["content"],
        "SendDate": china_text(row["sent_at"]),
        "ReceiveDate": china_text(row["reported_at"]),
        "OutId": row["out_id"],
    }


def outcome(code: str, detail: str = "") -> dict[str, Any]:
    """Code and Message."""
    return {"Code": code, "Message": MESSAGES.get(code, code) + detail}


def run(
    model: type[Call], action: Callable[[Parts, Call], dict[str, Any]]
) -> Callable[[Parts, Mapping[str, str]], dict[str, Any]]:
    """The action, with its parameters checked first."""

    def checked(parts: Parts, params: Mapping[str, str]) -> dict[str, Any]:
        try:
            call = model.model_validate(params)
        except ValidationError as error:
            names = ", ".join(str(e["loc"][0]) for e in error.errors(include_input=False))
            return outcome("isv.INVALID_PARAMETERS", f": {names}")
        return action(parts, call)

    return checked


ACTIONS = {
    "SendSms": run(SendSms, send_sms),
    "QuerySendDetails": run(QuerySendDetails, query_send_details),
}


def use_nonce(db: sqlite3.Connection, nonce: str) -> None:
    """Refuse a nonce seen while its date could still be valid; forget the older ones."""
    db.execute("DELETE FROM nonces WHERE seen_at < ?", (now() - 2 * WINDOW_SECONDS,))
    try:
        db.execute("INSERT INTO nonces VALUES (?, ?)", (nonce, now()))
    except sqlite3.IntegrityError:
        raise SignatureError("SignatureNonceUsed", "Specified nonce was used already.") from None


async def call_action(request: web.Request) -> web.Response:
    """Check the signature, then run the action that x-acs-action names."""
    parts = request.app[PARTS]
    headers = {name.lower(): value for name, value in request.headers.items()}
    raw = request.rel_url.raw_query_string
    signed = Signed(
        request.method, request.raw_path.partition("?")[0], raw, headers, await request.read()
    )
    account = parts.account(Account)
    verify(signed, account.key_id, account.key_secret, now())
    action = ACTIONS.get(headers["x-acs-action"])
    if action is None:
        raise SignatureError("InvalidAction.NotFound", "Specified api is not found.")
    if headers["x-acs-version"] != VERSION:
        raise SignatureError("InvalidVersion", "Specified parameter Version is not valid.")
    with parts.book.writing() as db:
        use_nonce(db, headers["x-acs-signature-nonce"])
        body = action(parts, parameters(signed))
    return answer(body)


def parameters(signed: Signed) -> dict[str, str]:
    """Query and form together."""
    pairs = parse_qsl(signed.query, keep_blank_values=True)
    if signed.headers.get("content-type", "").partition(";")[0].strip() == FORM:
        pairs += parse_qsl(signed.body.decode(errors="replace"), keep_blank_values=True)
    return dict(pairs)


def answer(body: Mapping[str, Any], status: int = 200) -> web.Response:
    """JSON with a RequestId."""
    whole = {**body, "RequestId": str(uuid.uuid4()).upper()}
    return web.json_response(text=json.dumps(whole, ensure_ascii=False), status=status)


def routes() -> list[web.RouteDef]:
    """One address for every action."""
    return [web.post(f"/{NAME}/", call_action)]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words."""
    match error:
        case SignatureError():
            code, message = error.code, str(error)
        case web.HTTPNotFound():
            code, message = "InvalidAction.NotFound", "Specified api is not found."
        case web.HTTPMethodNotAllowed():
            code, message = "UnsupportedHTTPMethod", "Use POST."
        case web.HTTPException():
            code, message = "InvalidParameter", error.reason
        case web.RequestPayloadError():
            code, message = "InvalidParameter", "The body did not come whole."
        case _:
            code, message = "InternalError", "The request processing has failed."
    return answer({"Code": code, "Message": message, "HostId": "sandbox"}, HTTP_STATUS[code])


def is_taken(status: int, body: bytes) -> bool:
    """Whether the customer took a report: 200 and ``{"code": 0}`` [D]."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return status == 200 and isinstance(told, dict) and told.get("code") == 0
