"""DT One's messages: the order that comes in, the transaction that goes out."""

import json
import sqlite3
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from deploy.sandbox.addresses import Address
from deploy.sandbox.dialects.dtone.account import Account
from deploy.sandbox.dialects.dtone.catalogue import benefits, prices, product_base
from deploy.sandbox.dialects.dtone.codes import DtOneError, status_json
from deploy.sandbox.when import utc_text

CONFIRM_WITHIN_SECONDS = 3600  # [M]


class Party(BaseModel):
    """``credit_party_identifier`` of an airtime product [C]."""

    mobile_number: str


class Order(BaseModel):
    """The body of POST /async/transactions. What airtime does not need is accepted and ignored.

    An order that waits for a second call to be confirmed is not simulated.
    """

    external_id: Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]
    product_id: int
    auto_confirm: Literal[True]
    credit_party_identifier: Party
    callback_url: Address | None = None


def read_order(body: bytes) -> Order:
    """Parse, or 1000400 with the fields' names."""
    try:
        return Order.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False)
        fields = ", ".join(".".join(map(str, e["loc"])) or "body" for e in found)
        raise DtOneError(1000400, fields) from None


def transaction_json(
    account: Account, row: sqlite3.Row, status: str | None = None
) -> dict[str, Any]:
    """A transaction as the vendor shows it; ``status`` overrides the true one (for a forgery)."""
    fen, network = row["fen"], account.network_of(row["product_id"])
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
        "product": {**product_base(row["product_id"], fen, network), "pin": None},
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


def only_filters(request: web.Request, *known: str) -> None:
    """Refuse a filter that this sandbox would otherwise ignore."""
    for name in request.query:
        if name not in known:
            raise DtOneError(1000400, f"the sandbox has no filter {name}")
