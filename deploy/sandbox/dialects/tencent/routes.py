"""Tencent Cloud's one address: the signature, the actions, and the answers."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from deploy.sandbox.dialects.tencent.account import NAME, Account
from deploy.sandbox.dialects.tencent.life import SendSms, send
from deploy.sandbox.dialects.tencent.tc3 import SignatureError, Signed, verify
from deploy.sandbox.digits import national
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.when import now

VERSION = "2021-01-11"
SEVEN_DAYS = 7 * 86_400
Call = TypeVar("Call", bound=BaseModel)


class Pull(BaseModel):
    """Parameters of PullSmsSendStatusByPhoneNumber: no second page, no older than a week [D]."""

    PhoneNumber: str
    SmsSdkAppId: str
    BeginTime: int
    EndTime: int | None = None
    Offset: int = Field(ge=0, le=0)
    Limit: int = Field(ge=1, le=100)


def send_sms(parts: Parts, call: SendSms) -> dict[str, Any]:
    """What became of each phone."""
    return {"SendStatusSet": [send(parts, call)]}


def pull(parts: Parts, call: Pull) -> dict[str, Any]:
    """What carriers have reported, newest first."""
    if call.BeginTime < now() - SEVEN_DAYS:
        raise SignatureError("InvalidParameterValue.BeginTimeVerifyFail", "BeginTime is too old.")
    rows = parts.book.db.execute(
        "SELECT * FROM sms WHERE vendor = ? AND phone = ? AND sent_at >= ? AND sent_at <= ?"
        " AND state IN ('delivered', 'failed') ORDER BY id DESC LIMIT ?",
        (NAME, national(call.PhoneNumber, ("+86",)), call.BeginTime, call.EndTime or now(),
         call.Limit),
    )  # fmt: skip
    return {"PullSmsSendStatusSet": [status_json(row) for row in rows]}


def status_json(row: Any) -> dict[str, Any]:
    """One message as the vendor lists it [C]."""
    return {
        "UserReceiveTime": int(row["reported_at"]),
        "CountryCode": "86",
        "SubscriberNumber": row["phone"],
        "PhoneNumber": f"+86{row['phone']}",
        "SerialNo": row["biz_id"],
        "ReportStatus": "SUCCESS" if row["state"] == "delivered" else "FAIL",
        "Description": row["code"],
        "SessionContext": row["out_id"],
    }


def run(
    model: type[Call], action: Callable[[Parts, Call], dict[str, Any]]
) -> Callable[[Parts, bytes], dict[str, Any]]:
    """The action, with its parameters checked first."""

    def checked(parts: Parts, body: bytes) -> dict[str, Any]:
        try:
            call = model.model_validate_json(body)
        except ValidationError as error:
            names = ", ".join(str(e["loc"][:1]) for e in error.errors(include_input=False))
            raise SignatureError("InvalidParameter", f"Wrong: {names}") from None
        return action(parts, call)

    return checked


ACTIONS = {"SendSms": run(SendSms, send_sms), "PullSmsSendStatusByPhoneNumber": run(Pull, pull)}


async def call_action(request: web.Request) -> web.Response:
    """Check the signature, then run the action that X-TC-Action names."""
    parts = request.app[PARTS]
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = await request.read()
    account = parts.account(Account)
    signed = Signed(request.raw_path.partition("?")[0], headers, body)
    verify(signed, account.key_id, account.key_secret, now())
    action = ACTIONS.get(headers.get("x-tc-action", ""))
    if action is None:
        raise SignatureError("InvalidAction", "The action is not known.")
    if headers.get("x-tc-version") != VERSION:
        raise SignatureError("NoSuchVersion", "The version is not known.")
    with parts.book.writing():
        return answer(action(parts, body))


def answer(body: Mapping[str, Any], status: int = 200) -> web.Response:
    """JSON with a RequestId."""
    whole = {"Response": {**body, "RequestId": str(uuid.uuid4())}}
    return web.json_response(text=json.dumps(whole, ensure_ascii=False), status=status)


def routes() -> list[web.RouteDef]:
    """One address for every action."""
    return [web.post(f"/{NAME}/", call_action)]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words; only its own failure is no 200 [M]."""
    match error:
        case SignatureError():
            code, message = error.code, str(error)
        case web.HTTPException() | web.RequestPayloadError():
            code, message = "InvalidRequest", "The request is not one."
        case _:
            return answer({"Error": {"Code": "InternalError", "Message": "It failed."}}, 500)
    return answer({"Error": {"Code": code, "Message": message}})


def is_taken(status: int, body: bytes) -> bool:
    """Whether the customer took a report: 200 and ``{"result": 0}`` [D]."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return status == 200 and isinstance(told, dict) and told.get("result") == 0
