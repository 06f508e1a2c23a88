"""DT One's paths: an order is placed, and found by the customer's id; products and numbers, too."""

import base64
import hmac
from datetime import datetime

from aiohttp import web

from deploy.sandbox.dialects.dtone import life
from deploy.sandbox.dialects.dtone.account import NAME, Account
from deploy.sandbox.dialects.dtone.catalogue import face_value, operators, product_json
from deploy.sandbox.dialects.dtone.codes import DtOneError
from deploy.sandbox.dialects.dtone.wire import (
    answer,
    error_answer,
    only_filters,
    read_order,
    transaction_json,
)
from deploy.sandbox.digits import served
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.statement import statement
from deploy.sandbox.topups import known_network
from deploy.sandbox.when import china_day, now

BASE = f"/{NAME}/v1"
E164_PREFIXES = ("+86", "86")


def check_key(request: web.Request, parts: Parts) -> None:
    """Basic authentication by API key and secret, or 1000401."""
    account = parts.account(Account)
    wanted = b"Basic " + base64.b64encode(f"{account.key}:{account.secret}".encode())
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(wanted, given):
        raise DtOneError(1000401)


async def create_transaction(request: web.Request) -> web.Response:
    """POST /async/transactions: 201, CONFIRMED."""
    parts = request.app[PARTS]
    account = parts.account(Account)
    order = read_order(await request.read())
    with parts.book.writing() as db:
        if life.is_used(db, order.external_id):
            raise DtOneError(1007001)
        fen = face_value(account, order.product_id)
        phone = served(order.credit_party_identifier.mobile_number, E164_PREFIXES)
        if phone is None:
            raise DtOneError(1005003)
        row = life.create(parts, order, phone, fen)
    if row is None:
        raise DtOneError(1006001)
    return answer(transaction_json(account, row), 201)


async def list_transactions(request: web.Request) -> web.Response:
    """GET /transactions?external_id=: an empty list when there is none."""
    only_filters(request, "external_id")
    external_id, parts = request.query.get("external_id"), request.app[PARTS]
    rows = parts.book.db.execute(
        "SELECT * FROM airtime WHERE vendor = ? AND external_id = coalesce(?, external_id)"
        " ORDER BY id DESC",
        (NAME, external_id),
    )
    account = parts.account(Account)
    return answer([transaction_json(account, row) for row in rows])


async def get_product(request: web.Request) -> web.Response:
    """GET /products/{id}: one that this customer may buy."""
    product_id = int(request.match_info["product_id"])
    account = request.app[PARTS].account(Account)
    fen = face_value(account, product_id)
    return answer(product_json(product_id, fen, account.network_of(product_id)))


async def look_up(request: web.Request) -> web.Response:
    """GET /lookup/mobile-number/{e164} [C]: its operators, or 1005003 [M]."""
    phone = served(request.match_info["number"], E164_PREFIXES)
    if phone is None:
        raise DtOneError(1005003)
    return answer(operators(phone, known_network(request.app[PARTS], NAME, phone)))


async def get_statement(request: web.Request) -> web.Response:
    """GET /statements?day=YYYY-MM-DD [M]: the statement of a day that is over."""
    only_filters(request, "day")
    try:
        day = datetime.strptime(request.query.get("day", ""), "%Y-%m-%d")
    except ValueError:
        raise DtOneError(1000400, "day") from None
    if day.year > 9998 or china_day(day)[1] > now():
        raise DtOneError(1000404)
    body = statement(request.app[PARTS], NAME, day)
    return web.Response(body=body, content_type="text/csv", charset="utf-8")


def routes() -> list[web.RouteDef]:
    """The vendor's paths that the adapter uses."""
    return [
        web.post(f"{BASE}/async/transactions", create_transaction),
        web.get(f"{BASE}/transactions", list_transactions, allow_head=False),
        web.get(f"{BASE}/statements", get_statement, allow_head=False),
        web.get(f"{BASE}/products/{{product_id:[0-9]{{1,12}}}}", get_product, allow_head=False),
        web.get(f"{BASE}/lookup/mobile-number/{{number}}", look_up, allow_head=False),
    ]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words."""
    match error:
        case DtOneError():
            return error_answer(error)
        case web.HTTPNotFound():
            return error_answer(DtOneError(1000404))
        case web.HTTPMethodNotAllowed():
            return error_answer(DtOneError(1000405))
        case web.HTTPException() | web.RequestPayloadError():
            return error_answer(DtOneError(1000400))
    return error_answer(DtOneError(1009001))
