"""Africa's Talking's paths: airtime is sent, and one's own transaction is found."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from deploy.sandbox import topups
from deploy.sandbox.dialects.africastalking.account import NAME, Account
from deploy.sandbox.dialects.africastalking.life import PREFIX, own_id, status_of
from deploy.sandbox.digits import served
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.topups import TopUp
from deploy.sandbox.when import now

BASE = f"/{NAME}"
# For so long the same key is the same request [C].
KEY_SECONDS = 300
DUPLICATE = "A duplicate request was received within the last 5 minutes"  # [D]
NO_MONEY, NO_PHONE = "Insufficient Balance", "Invalid phone number"  # [M]
WRONG_KEY = "The supplied authentication is invalid"  # [C]
ABSENT = "Transaction not found"  # [M]
AMOUNT = re.compile(r"([A-Z]{3}) ([0-9.]+)")


class BadRequest(Exception):
    """A form that says nothing."""


class Unauthorized(Exception):
    """Another key, or another user."""


def check(request: web.Request, parts: Parts) -> None:
    """The application's key, in a header [D]."""
    if request.headers.get("apiKey") != parts.account(Account).api_key:
        raise Unauthorized


async def send(request: web.Request) -> web.Response:
    """POST /version1/airtime/send, a form [D]; here of one recipient. Always 201 [C]."""
    parts = request.app[PARTS]
    phone, fen, product = _read(parts, (await request.read()).decode(errors="replace"))
    key = request.headers.get("Idempotency-Key", "")
    with parts.book.writing():
        if key and _is_used(parts, key):
            return _answer([], DUPLICATE)
        number = served(phone, ("+86",))
        if number is None:
            return _answer([_sent(phone, product, "Failed", NO_PHONE)])
        account = parts.account(Account)
        made = TopUp(NAME, key, product, number, fen, account.currency)
        row = topups.take(parts, account.wallet_fen, made)
    if row is None:
        return _answer([_sent(phone, product, "Failed", NO_MONEY)])
    return _answer([_sent(phone, product, "Sent", "None", own_id(row["id"]))])


def _read(parts: Parts, body: str) -> tuple[str, int, str]:
    """Number, amount, and the amount as it was written."""
    form = dict(parse_qsl(body, keep_blank_values=True))
    account = parts.account(Account)
    if form.get("username") != account.username:
        raise Unauthorized
    try:
        [recipient] = json.loads(form["recipients"])
        phone, product = str(recipient["phoneNumber"]), str(recipient["amount"])
        found = AMOUNT.fullmatch(product)
        if found is None or found[1] != account.currency:
            raise BadRequest
        return phone, int(Decimal(found[2]) * 100), product
    except (LookupError, TypeError, ValueError, InvalidOperation):
        raise BadRequest from None


def _is_used(parts: Parts, key: str) -> bool:
    rows = topups.of_reference(parts.book.db, NAME, key)
    return any(row["created_at"] > now() - KEY_SECONDS for row in rows)


def _sent(
    phone: str, product: str, status: str, message: str, request_id: str = "None"
) -> dict[str, Any]:
    """What became of one recipient [D]."""
    return {
        "phoneNumber": phone,
        "amount": f"{product}00",
        "discount": "0",
        "status": status,
        "requestId": request_id,
        "errorMessage": message,
    }


def _answer(responses: list[dict[str, Any]], message: str = "None") -> web.Response:
    sent = [one for one in responses if one["status"] == "Sent"]
    body = {
        "errorMessage": message,
        "numSent": len(sent),
        "totalAmount": sent[0]["amount"] if sent else "0",
        "totalDiscount": "0",
        "responses": responses,
    }
    return web.json_response(body, status=201)


async def find(request: web.Request) -> web.Response:
    """GET /query/transaction/find?username=&transactionId= [C]; the answer's shape is [M]."""
    parts = request.app[PARTS]
    if request.query.get("username") != parts.account(Account).username:
        raise Unauthorized
    number = request.query.get("transactionId", "").removeprefix(PREFIX)
    known = re.fullmatch(r"[0-9]{1,15}", number)
    row = topups.of_own_id(parts.book.db, NAME, int(number)) if known else None
    if row is None:
        return web.json_response({"errorMessage": ABSENT})
    data = {
        "requestId": own_id(row["id"]),
        "phoneNumber": f"+86{row['phone']}",
        "amount": f"{row['product_id']}00",
        "status": status_of(row["status"]),
    }
    return web.json_response({"errorMessage": "None", "data": data})


def routes() -> list[web.RouteDef]:
    """The vendor's paths that the adapter uses."""
    return [
        web.post(f"{BASE}/version1/airtime/send", send),
        web.get(f"{BASE}/query/transaction/find", find, allow_head=False),
    ]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words, which are plain text [C]."""
    match error:
        case Unauthorized():
            return web.Response(status=401, text=WRONG_KEY)
        case BadRequest() | web.RequestPayloadError():
            return web.Response(status=400, text="Bad Request")
        case web.HTTPException():
            return web.Response(status=error.status, text=error.reason)
    return web.Response(status=500, text="Internal Server Error")
