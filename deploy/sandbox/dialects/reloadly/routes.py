"""Reloadly's paths: a token, an order, its status, the report by the customer's id, operators."""

import json

from aiohttp import web

from deploy.sandbox import topups
from deploy.sandbox.dialects.reloadly import tokens
from deploy.sandbox.dialects.reloadly.account import NAME, Account
from deploy.sandbox.dialects.reloadly.codes import ReloadlyError
from deploy.sandbox.dialects.reloadly.wire import (
    error_answer,
    operator_json,
    read_filters,
    read_order,
    status_json,
    transaction_json,
)
from deploy.sandbox.digits import network, served
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.topups import TopUp, known_network

BASE = f"/{NAME}"
TOKEN = f"{BASE}/oauth/token"
PREFIXES = ("+86", "86", "")
AUDIENCE = "https://topups.reloadly.com"


def check(request: web.Request, parts: Parts) -> None:
    """A bearer's token everywhere but where one is fetched."""
    if request.path != TOKEN:
        tokens.check(parts.account(Account), request.headers.get("Authorization", ""))


async def make_token(request: web.Request) -> web.Response:
    """POST /oauth/token {client_id, client_secret, grant_type, audience} [D]."""
    account = request.app[PARTS].account(Account)
    wanted = {
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "grant_type": "client_credentials",
        "audience": AUDIENCE,
    }
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if given != wanted:
        raise ReloadlyError("INVALID_CREDENTIALS")
    return web.json_response(
        {
            "access_token": tokens.make(account),
            "scope": "send-topups read-operators",
            "expires_in": account.token_seconds,
            "token_type": "Bearer",
        }
    )


async def order(request: web.Request) -> web.Response:
    """POST /topups-async: `{"transactionId"}` [D].

    The identifier is refused once it was taken. That two at the same moment are both carried out
    [C] is not simulated: here nothing happens between the look and the entry.
    """
    parts = request.app[PARTS]
    wanted = read_order(await request.read())
    account = parts.account(Account)
    if wanted.operator_id not in account.sold:
        raise ReloadlyError("OPERATOR_NOT_FOUND")
    if wanted.recipient_phone.country_code != "CN":
        raise ReloadlyError("COUNTRY_NOT_SUPPORTED")
    phone = served(wanted.recipient_phone.number, PREFIXES)
    if phone is None:
        raise ReloadlyError("INVALID_RECIPIENT_PHONE")
    if account.sold[wanted.operator_id].network != network(phone):
        raise ReloadlyError("OPERATOR_AND_RECIPIENT_PHONE_MISMATCH")
    with parts.book.writing() as db:
        if topups.of_reference(db, NAME, wanted.custom_identifier):
            raise ReloadlyError("CUSTOM_IDENTIFIER_ALREADY_USED")
        fen = round(wanted.amount * 100)
        made = TopUp(NAME, wanted.custom_identifier, wanted.operator_id, phone, fen)
        row = topups.take(parts, account.wallet_fen, made)
    if row is None:
        raise ReloadlyError("INSUFFICIENT_BALANCE")
    return web.json_response({"transactionId": row["id"]})


async def status(request: web.Request) -> web.Response:
    """GET /topups/{id}/status."""
    row = topups.of_own_id(request.app[PARTS].book.db, NAME, int(request.match_info["id"]))
    if row is None:
        raise ReloadlyError("TRANSACTION_NOT_FOUND")
    return web.json_response(status_json(row))


async def report(request: web.Request) -> web.Response:
    """GET /topups/reports/transactions?customIdentifier=&startDate=&endDate=&page=&size= [D]: a
    page, from 1, of all that match. Times are China's here [M]."""
    asked = read_filters(request.query)
    rows = topups.of_time(request.app[PARTS].book.db, NAME, asked.start_date, asked.end_date)
    if asked.custom_identifier is not None:
        rows = [row for row in rows if row["external_id"] == asked.custom_identifier]
    begun = (asked.page - 1) * asked.size
    content = [transaction_json(row) for row in rows[begun : begun + asked.size]]
    last = begun + asked.size >= len(rows)
    return web.json_response({"content": content, "totalElements": len(rows), "last": last})


async def operator(request: web.Request) -> web.Response:
    """GET /operators/{id}."""
    operator_id = int(request.match_info["id"])
    found = request.app[PARTS].account(Account).sold.get(operator_id)
    if found is None:
        raise ReloadlyError("OPERATOR_NOT_FOUND")
    return web.json_response(operator_json(operator_id, found.network))


async def detect(request: web.Request) -> web.Response:
    """GET /operators/auto-detect/phone/{phone}/countries/{iso} [D]: the network that has it."""
    if request.match_info["iso"] != "CN":
        raise ReloadlyError("COUNTRY_NOT_SUPPORTED")
    phone = served(request.match_info["phone"], PREFIXES)
    if phone is None:
        raise ReloadlyError("COULD_NOT_AUTO_DETECT_OPERATOR")
    parts = request.app[PARTS]
    own = known_network(parts, NAME, phone)
    return web.json_response(operator_json(parts.account(Account).operator_of(own), own))


def routes() -> list[web.RouteDef]:
    """The vendor's paths that the adapter uses."""
    detected = f"{BASE}/operators/auto-detect/phone/{{phone}}/countries/{{iso}}"
    return [
        web.post(TOKEN, make_token),
        web.post(f"{BASE}/topups-async", order),
        web.get(f"{BASE}/topups/{{id:[0-9]{{1,15}}}}/status", status, allow_head=False),
        web.get(f"{BASE}/topups/reports/transactions", report, allow_head=False),
        web.get(f"{BASE}/operators/{{id:[0-9]{{1,12}}}}", operator, allow_head=False),
        web.get(detected, detect, allow_head=False),
    ]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words."""
    match error:
        case ReloadlyError():
            return error_answer(error, BASE)
        case web.HTTPNotFound():
            code = "RESOURCE_NOT_FOUND"
        case web.HTTPMethodNotAllowed():
            code = "METHOD_NOT_ALLOWED"
        case web.HTTPException() | web.RequestPayloadError():
            code = "INVALID_INPUT_PROVIDED"
        case _:
            code = "INTERNAL_SERVER_ERROR"
    return error_answer(ReloadlyError(code), BASE)
