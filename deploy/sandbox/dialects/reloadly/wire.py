"""Reloadly's messages: the order that comes in, transactions, operators and errors that go out."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from deploy.sandbox.dialects.reloadly.codes import REASONS, ReloadlyError, status_of
from deploy.sandbox.digits import network
from deploy.sandbox.when import CHINA, china_text


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


def _china(text: object) -> object:
    """`2026-03-03 10:00:00` as seconds since the epoch."""
    at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S") if isinstance(text, str) else None
    return at.replace(tzinfo=CHINA).timestamp() if at else text


Moment = Annotated[float, BeforeValidator(_china)]


class Filters(BaseModel):
    """The query of the report [D]; its days both count."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    custom_identifier: str | None = None
    start_date: Moment = 0.0
    end_date: Moment = 1e11
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(200, ge=1, le=200)


def read_filters(query: Mapping[str, str]) -> Filters:
    """Parse, or INVALID_INPUT_PROVIDED; a filter that would be ignored is refused as well."""
    try:
        return Filters.model_validate(dict(query))
    except (ValidationError, OverflowError):
        raise ReloadlyError("INVALID_INPUT_PROVIDED") from None


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
        "operatorName": network(row["phone"]),
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


def operator_json(operator_id: int, name: str) -> dict[str, Any]:
    """An operator of plain airtime that sells any local amount up to 300 [C]."""
    return {
        "id": operator_id,
        "operatorId": operator_id,
        "name": name,
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
