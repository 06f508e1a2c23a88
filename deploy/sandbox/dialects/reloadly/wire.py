"""Reloadly's messages: the order that comes in, transactions, operators and errors that go out."""

import sqlite3
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from deploy.sandbox.dialects.reloadly.codes import REASONS, ReloadlyError, status_of
from deploy.sandbox.when import china_text


class Phone(BaseModel, alias_generator=to_camel):
    """Whom; the number in any usual form [C]."""

    country_code: str
    number: str


class Order(BaseModel, alias_generator=to_camel):
    """The body of POST /topups-async [D]. Only local amounts are simulated."""

    operator_id: int
    amount: Annotated[float, Field(gt=0, le=1_000_000)]
    use_local_amount: Literal[True]
    custom_identifier: Annotated[str, Field(min_length=1, max_length=256)]
    recipient_phone: Phone


def read_order(body: bytes) -> Order:
    """Parse, or INVALID_INPUT_PROVIDED."""
    try:
        return Order.model_validate_json(body)
    except ValidationError:
        raise ReloadlyError("INVALID_INPUT_PROVIDED") from None


def transaction_json(row: sqlite3.Row) -> dict[str, Any]:
    """A row of the report, and what a status brings along [C]."""
    amount, unit = row["fen"] / 100, row["currency"]
    return {
        "transactionId": row["id"],
        "status": status_of(row["status"]),
        "operatorTransactionId": f"OP{row['id']}" if row["paid_at"] else None,
        "customIdentifier": row["external_id"],
        "recipientPhone": f"86{row['phone']}",
        "countryCode": "CN",
        "operatorId": row["product_id"],
        "operatorName": "China Mainland",
        "discount": 0,
        "requestedAmount": amount,
        "requestedAmountCurrencyCode": unit,
        "deliveredAmount": amount,
        "deliveredAmountCurrencyCode": unit,
        "transactionDate": china_text(row["created_at"]),
    }


def status_json(row: sqlite3.Row) -> dict[str, Any]:
    """GET /topups/{id}/status: no transaction while it is under way [C]."""
    status, reason = status_of(row["status"]), REASONS.get(row["status"])
    done = status != "PROCESSING"
    return {
        "code": reason,
        "message": reason,
        "status": status,
        "transaction": transaction_json(row) if done else None,
    }


def operator_json(operator_id: int) -> dict[str, Any]:
    """An operator of plain airtime that sells any local amount up to 300 [C]."""
    return {
        "id": operator_id,
        "operatorId": operator_id,
        "name": "China Mainland",
        "bundle": False,
        "data": False,
        "pin": False,
        "supportsLocalAmounts": True,
        "denominationType": "RANGE",
        "senderCurrencyCode": "USD",
        "destinationCurrencyCode": "CNY",
        "localMinAmount": 1,
        "localMaxAmount": 300,
        "localFixedAmounts": [],
        "country": {"isoName": "CN", "name": "China"},
        "status": "ACTIVE",
    }


def error_answer(error: ReloadlyError, path: str) -> web.Response:
    """``{"timeStamp", "message", "path", "errorCode", "infoLink", "details"}`` [C]."""
    body: dict[str, Any] = {
        "timeStamp": "2026-01-01 00:00:00",
        "message": error.message,
        "path": path,
        "errorCode": error.code,
        "infoLink": None,
        "details": [],
    }
    return web.json_response(body, status=error.http_status)
