"""Twilio's paths: messages of an account, one by one and as a list."""

import base64
import hmac
import sqlite3
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from deploy.sandbox.dialects.twilio.account import NAME, Account
from deploy.sandbox.dialects.twilio.life import Send, message_json, send
from deploy.sandbox.digits import national
from deploy.sandbox.parts import PARTS, Parts

MESSAGES = f"/{NAME}/2010-04-01/Accounts/{{account}}/Messages"
TEXTS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21211: "The 'To' number is not a valid phone number.",
    21610: "Attempt to send to unsubscribed recipient",
}


class Refused(Exception):
    """By the vendor's code, and the status that goes with it."""

    def __init__(self, code: int, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Query(BaseModel):
    """Of a list [D]: by number, page by page. A token says where a page begins."""

    To: str
    PageSize: Annotated[int, Field(ge=1, le=1000)] = 50
    Page: int = 0
    PageToken: Annotated[str, Field(pattern=r"^PA[0-9]+$")] = ""


def check_login(request: web.Request, parts: Parts) -> None:
    """Basic authentication with account and token."""
    account = parts.account(Account)
    login = base64.b64encode(f"{account.account_sid}:{account.auth_token}".encode()).decode()
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Basic {login}".encode()):
        raise Refused(20003, 401)


def account_of(request: web.Request) -> tuple[Parts, Account]:
    """The caller's, whose id stands in the path too."""
    parts = request.app[PARTS]
    account = parts.account(Account)
    if request.match_info["account"] != account.account_sid:
        raise Refused(20404, 404)
    return parts, account


async def create(request: web.Request) -> web.Response:
    """POST: 201 with the message."""
    parts, account = account_of(request)
    call = Send.model_validate(dict(await request.post()))
    with parts.book.writing():
        sent = send(parts, call)
    if isinstance(sent, tuple):
        raise Refused(*sent)
    return web.json_response(shown(account, sent), status=201)


async def fetch(request: web.Request) -> web.Response:
    """GET one by its id."""
    parts, account = account_of(request)
    row = parts.book.db.execute(
        "SELECT * FROM sms WHERE vendor = ? AND biz_id = ?", (NAME, request.match_info["sid"])
    ).fetchone()
    if row is None:
        raise Refused(20404, 404)
    return web.json_response(shown(account, row))


async def find(request: web.Request) -> web.Response:
    """GET a page of what was sent to a number, newest first."""
    parts, account = account_of(request)
    query = Query.model_validate(dict(request.query))
    rows = parts.book.db.execute(
        "SELECT * FROM sms WHERE vendor = ? AND phone = ? AND biz_id IS NOT NULL"
        " AND (? = '' OR id < CAST(? AS INTEGER)) ORDER BY id DESC LIMIT ?",
        (NAME, national(query.To, ("+86",)), query.PageToken, query.PageToken[2:],
         query.PageSize + 1),
    ).fetchall()  # fmt: skip
    page = rows[: query.PageSize]
    more = None if len(rows) == len(page) else next_page(request, query, page[-1]["id"])
    listed = [shown(account, row) for row in page]
    return web.json_response({"messages": listed, "page": query.Page, "next_page_uri": more})


def next_page(request: web.Request, query: Query, last: int) -> str:
    """Where the list goes on, without a host [D]."""
    asked = {"To": query.To, "PageSize": query.PageSize, "Page": query.Page + 1}
    path = request.path.removeprefix(f"/{NAME}")
    return f"{path}?{urlencode(asked | {'PageToken': f'PA{last}'})}"


def shown(account: Account, row: sqlite3.Row) -> dict[str, Any]:
    """A message with its time as RFC 2822 [D]."""
    return message_json(account, row, format_datetime(datetime.fromtimestamp(row["sent_at"], UTC)))


def routes() -> list[web.RouteDef]:
    """Of messages only."""
    return [
        web.post(f"{MESSAGES}.json", create),
        web.get(f"{MESSAGES}.json", find, allow_head=False),
        web.get(f"{MESSAGES}/{{sid}}.json", fetch, allow_head=False),
    ]


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words."""
    match error:
        case Refused():
            code, status = error.code, error.status
        case ValidationError():
            code, status = 21602, 400
        case web.HTTPNotFound():
            code, status = 20404, 404
        case web.HTTPException() | web.RequestPayloadError():
            code, status = 20001, 400
        case _:
            code, status = 20500, 500
    said = TEXTS.get(code, "It failed.")
    body = {"code": code, "message": said, "more_info": "sandbox", "status": status}
    return web.json_response(body, status=status)
