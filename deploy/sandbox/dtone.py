"""DT One DVS under /dtone/v1: the airtime dialect.

Paths, fields, statuses, error codes and the customer's id being taken once are the vendor's [D],
the shape of products and look-ups comes from public code [C]. Basic authentication [D]. An order
is answered CONFIRMED and settles later; callbacks are not signed [D].
"""

import base64
import hmac

from aiohttp import web

from deploy.sandbox import dtone_life as life
from deploy.sandbox.digits import national
from deploy.sandbox.dtone_catalogue import (
    CURRENCY,
    OPERATOR,
    face_value,
    product_json,
    values_fen,
    yuan,
)
from deploy.sandbox.dtone_codes import DtOneError
from deploy.sandbox.dtone_wire import (
    answer,
    error_answer,
    only_filters,
    paged,
    read_order,
    transaction_json,
)
from deploy.sandbox.parts import PARTS, Parts

BASE = "/dtone/v1"
E164_PREFIXES = ("+86", "86")


def check_key(request: web.Request, parts: Parts) -> None:
    """Basic authentication by API key and secret, or 1000401."""
    pair = f"{parts.config.dtone_key}:{parts.config.dtone_secret}".encode()
    wanted = b"Basic " + base64.b64encode(pair)
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(wanted, given):
        raise DtOneError(1000401)


def row_id(request: web.Request) -> int:
    """The transaction id of the path, or 1008004."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise DtOneError(1008004)
    return int(text)


async def create_transaction(request: web.Request) -> web.Response:
    """POST /async/transactions: 201, CREATED or (with auto_confirm) CONFIRMED."""
    parts = request.app[PARTS]
    order = read_order(await request.read())
    with parts.book.writing() as db:
        if life.is_used(db, order.external_id):
            raise DtOneError(1007001)
        fen = face_value(parts.config, order.product_id)
        phone = national(order.credit_party_identifier.mobile_number, E164_PREFIXES)
        if phone is None:
            raise DtOneError(1005003)
        row = life.create(parts, order, phone, fen)
    return answer(transaction_json(row), 201)


async def confirm_transaction(request: web.Request) -> web.Response:
    """POST /async/transactions/{id}/confirm: 202."""
    parts = request.app[PARTS]
    with parts.book.writing() as db:
        row = life.confirm(parts, life.find(db, row_id(request)))
    return answer(transaction_json(row), 202)


async def cancel_transaction(request: web.Request) -> web.Response:
    """POST /transactions/{id}/cancel: 202."""
    parts = request.app[PARTS]
    with parts.book.writing() as db:
        row = life.cancel(parts, life.find(db, row_id(request)))
    return answer(transaction_json(row), 202)


async def get_transaction(request: web.Request) -> web.Response:
    """GET /transactions/{id}."""
    return answer(transaction_json(life.find(request.app[PARTS].book.db, row_id(request))))


async def list_transactions(request: web.Request) -> web.Response:
    """GET /transactions?external_id=: an empty list when there is none."""
    only_filters(request, "external_id")
    external_id = request.query.get("external_id")
    rows = request.app[PARTS].book.db.execute(
        "SELECT * FROM airtime WHERE vendor = ? AND external_id = coalesce(?, external_id)"
        " ORDER BY id DESC",
        (life.VENDOR, external_id),
    )
    return paged(request, [transaction_json(row) for row in rows])


async def list_products(request: web.Request) -> web.Response:
    """GET /products?type=&operator_id=&country_iso_code=."""
    only_filters(request, "type", "operator_id", "country_iso_code")
    query = request.query
    fits = (
        query.get("type", "FIXED_VALUE_RECHARGE") == "FIXED_VALUE_RECHARGE"
        and query.get("operator_id", str(OPERATOR["id"])) == str(OPERATOR["id"])
        and query.get("country_iso_code", "CHN") == "CHN"
    )
    values = sorted(values_fen(request.app[PARTS].config).items())
    return paged(request, [product_json(i, fen) for i, fen in values] if fits else [])


async def get_product(request: web.Request) -> web.Response:
    """GET /products/{id}."""
    text = request.match_info["id"]
    product_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    return answer(product_json(product_id, face_value(request.app[PARTS].config, product_id)))


async def look_up(request: web.Request) -> web.Response:
    """GET /lookup/mobile-number/{e164}: the operator, or 1005003."""
    if national(request.match_info["number"], E164_PREFIXES) is None:
        raise DtOneError(1005003)
    return paged(request, [{**OPERATOR, "identified": True}])


async def balances(request: web.Request) -> web.Response:
    """GET /balances: what is left and what is held for open transactions."""
    only_filters(request, "unit_type", "unit")
    parts = request.app[PARTS]
    spent, held = life.spent_and_held(parts.book.db)
    left = parts.config.dtone_wallet_fen - spent - held
    balance = {"id": 1, "unit_type": "CURRENCY", "unit": CURRENCY, "available": yuan(left)}
    return paged(request, [{**balance, "holding": yuan(held), "credit_limit": 0}])


def routes() -> list[web.RouteDef]:
    """The vendor's paths."""
    return [
        web.post(f"{BASE}/async/transactions", create_transaction),
        web.post(f"{BASE}/async/transactions/{{id}}/confirm", confirm_transaction),
        web.post(f"{BASE}/transactions/{{id}}/cancel", cancel_transaction),
        web.get(f"{BASE}/transactions/{{id}}", get_transaction, allow_head=False),
        web.get(f"{BASE}/transactions", list_transactions, allow_head=False),
        web.get(f"{BASE}/products", list_products, allow_head=False),
        web.get(f"{BASE}/products/{{id}}", get_product, allow_head=False),
        web.get(f"{BASE}/lookup/mobile-number/{{number}}", look_up, allow_head=False),
        web.get(f"{BASE}/balances", balances, allow_head=False),
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
        case web.HTTPException():
            return error_answer(DtOneError(1000400))
    return error_answer(DtOneError(1009001))
