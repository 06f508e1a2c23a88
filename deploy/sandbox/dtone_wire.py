"""DT One's messages: the order that comes in, the transaction that goes out."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, Field, TypeAdapter, ValidationError

from deploy.sandbox.dtone_catalogue import benefits, prices, product_base
from deploy.sandbox.dtone_codes import DtOneError, status_json
from deploy.sandbox.when import utc_text

CONFIRM_WITHIN_SECONDS = 3600  # [M]
MAX_PER_PAGE = 100


def is_http(url: str) -> str:
    """Check an address and keep it as it was written."""
    TypeAdapter(AnyHttpUrl).validate_python(url)
    return url


class Party(BaseModel):
    """``credit_party_identifier`` of an airtime product [C]."""

    mobile_number: str


class Order(BaseModel):
    """The body of POST /async/transactions. What airtime does not need is accepted and ignored."""

    external_id: Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]
    product_id: int
    auto_confirm: bool = False
    credit_party_identifier: Party
    callback_url: Annotated[str, AfterValidator(is_http)] | None = None


def read_order(body: bytes) -> Order:
    """Parse, or 1000400 with the fields' names."""
    try:
        return Order.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False)
        fields = ", ".join(".".join(map(str, e["loc"])) or "body" for e in found)
        raise DtOneError(1000400, fields) from None


def transaction_json(row: sqlite3.Row, status: str | None = None) -> dict[str, Any]:
    """A transaction as the vendor shows it; ``status`` overrides the true one (for a forgery)."""
    fen = row["fen"]
    completed = row["status"] in ("COMPLETED", "REVERSED")
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "creation_date": utc_text(row["created_at"]),
        "confirmation_expiration_date": utc_text(row["created_at"] + CONFIRM_WITHIN_SECONDS),
        "confirmation_date": utc_text(row["confirmed_at"]),
        "status": status_json(status or row["status"]),
        "operator_reference": f"OP{row['id']}" if completed else None,
        "pin": None,
        "product": {**product_base(row["product_id"], fen), "pin": None},
        "prices": prices(fen),
        "rates": {"base": 1, "wholesale": 1, "retail": None},
        "benefits": benefits(fen),
        "promotions": None,
        "requested_values": None,
        "adjusted_values": None,
        "sender": None,
        "beneficiary": None,
        "debit_party_identifier": None,
        "credit_party_identifier": {"mobile_number": f"+86{row['phone']}"},
        "statement_identifier": None,
        "additional_identifier": None,
        "callback_url": row["callback_url"],
    }


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.json_response(body, status=status, dumps=dumps)


def error_answer(error: DtOneError) -> web.Response:
    """``{"errors": [{"code", "message"}]}`` [D]."""
    body = {"errors": [{"code": error.code, "message": error.message}]}
    return answer(body, error.http_status)


def dumps(body: Any) -> str:
    """JSON with readable Chinese."""
    return json.dumps(body, ensure_ascii=False)


def paged(request: web.Request, items: Sequence[Any]) -> web.Response:
    """One page of a list, with the vendor's X- headers [D]."""
    page, per_page = number(request, "page", 1), number(request, "per_page", 50)
    if not 1 <= per_page <= MAX_PER_PAGE:
        raise DtOneError(1000400, "per_page")
    pages = -(-len(items) // per_page)
    response = answer(items[(page - 1) * per_page : page * per_page])
    response.headers.update(
        {
            "X-Total": str(len(items)),
            "X-Total-Pages": str(pages),
            "X-Per-Page": str(per_page),
            "X-Page": str(page),
            "X-Next-Page": str(page + 1) if page < pages else "",
            "X-Prev-Page": str(page - 1) if page > 1 else "",
        }
    )
    return response


def number(request: web.Request, name: str, default: int) -> int:
    """A positive whole number of the query."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise DtOneError(1000400, name)
    return int(text[:9])


def only_filters(request: web.Request, *known: str) -> None:
    """Refuse a filter that this sandbox would otherwise ignore."""
    for name in request.query:
        if name not in (*known, "page", "per_page"):
            raise DtOneError(1000400, f"the sandbox has no filter {name}")
