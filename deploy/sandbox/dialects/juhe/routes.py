"""Juhe's paths under /ofpay/mobile: may it be, is there money, order, what became of it.

Each takes a form by POST [C]; by GET [C] it would do as well, and is not simulated.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from deploy.sandbox import topups
from deploy.sandbox.dialects.juhe import codes
from deploy.sandbox.dialects.juhe.account import DENOMINATIONS, NAME, Account
from deploy.sandbox.dialects.juhe.codes import JuheError, game_state
from deploy.sandbox.dialects.juhe.life import md5, own_id
from deploy.sandbox.digits import served
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.topups import TopUp

BASE = f"/{NAME}/ofpay/mobile"
ORDER_ID = re.compile(r"[A-Za-z0-9]{8,32}")  # [C]


async def read(request: web.Request) -> Mapping[str, str]:
    """The form of the customer, known by its key."""
    body = (await request.read()).decode(errors="replace")
    form = dict(parse_qsl(body, keep_blank_values=True))
    if form.get("key") != request.app[PARTS].account(Account).key:
        raise JuheError(codes.WRONG_KEY)
    return form


def wanted(form: Mapping[str, str]) -> tuple[str, int]:
    """Number and yuan that can be ordered together."""
    phone = served(form.get("phoneno", ""), ("",))
    if phone is None:
        raise JuheError(codes.WRONG_NUMBER)
    yuan = {str(one): one for one in DENOMINATIONS}.get(form.get("cardnum", ""))
    if yuan is None:
        raise JuheError(codes.NOT_ALLOWED)
    return phone, yuan


async def check(request: web.Request) -> web.Response:
    """POST /telcheck(phoneno, cardnum, key) [C]."""
    wanted(await read(request))
    return answer("允许充值的手机号码及金额", None)


async def balance(request: web.Request) -> web.Response:
    """POST /yue(timestamp, key, sign=md5(OpenID+key+timestamp)) [C]."""
    form, parts = await read(request), request.app[PARTS]
    must_sign(parts, form, form.get("timestamp", ""))
    wallet = parts.account(Account).wallet_fen
    left = wallet - sum(topups.spent_and_held(parts.book.db, NAME))
    if parts.faults.strike(NAME, {"empty_wallet"}):
        left = 0
    return answer("成功", {"uid": "sandbox", "money": f"{left / 100:.2f}"})


async def order(request: web.Request) -> web.Response:
    """POST /onlineorder(phoneno, cardnum, orderid, key, sign) [C]: always answered as under way."""
    form, parts = await read(request), request.app[PARTS]
    order_id = form.get("orderid", "")
    if not ORDER_ID.fullmatch(order_id):
        raise JuheError(codes.WRONG_ORDER)
    must_sign(parts, form, form.get("phoneno", ""), form.get("cardnum", ""), order_id)
    phone, yuan = wanted(form)
    with parts.book.writing() as db:
        if topups.of_reference(db, NAME, order_id):
            raise JuheError(codes.USED)
        row = topups.take(
            parts,
            parts.account(Account).wallet_fen,
            TopUp(NAME, order_id, yuan, phone, yuan * 100),
        )
    if row is None:
        raise JuheError(codes.NO_MONEY)
    told = {
        "cardid": "1900212",
        "cardnum": "1",
        "ordercash": yuan,
        "cardname": f"话费{yuan}元直充",
        "sporder_id": own_id(row["id"]),
        "uorderid": order_id,
        "game_userid": phone,
        "game_state": codes.UNDER_WAY,
    }
    return answer("订单提交成功，等待充值", told)


async def state(request: web.Request) -> web.Response:
    """POST /ordersta(orderid, key): price, Juhe's own id and the state, no more [C]."""
    form = await read(request)
    db = request.app[PARTS].book.db
    found = topups.of_reference(db, NAME, form.get("orderid", ""))
    if not found:
        raise JuheError(codes.NO_SUCH_ORDER)
    told = {
        "uordercash": f"{found[0]['fen'] / 100:.3f}",
        "sporder_id": own_id(found[0]["id"]),
        "game_state": game_state(found[0]["status"]),
    }
    return answer("查询成功", told)


def must_sign(parts: Parts, form: Mapping[str, str], *words: str) -> None:
    """The md5 over OpenID, key and the words, in lower case [C]."""
    account = parts.account(Account)
    if form.get("sign") != md5(account.openid, account.key, *words):
        raise JuheError(codes.WRONG_SIGN)


def routes() -> list[web.RouteDef]:
    """The vendor's paths that the adapter uses."""
    return [
        web.post(f"{BASE}/telcheck", check),
        web.post(f"{BASE}/yue", balance),
        web.post(f"{BASE}/onlineorder", order),
        web.post(f"{BASE}/ordersta", state),
    ]


def answer(reason: str, result: Any, code: int = codes.DONE) -> web.Response:
    """``{"reason", "result", "error_code"}`` [C]."""
    body = {"reason": reason, "result": result, "error_code": code}
    return web.json_response(text=json.dumps(body, ensure_ascii=False))


def refusal(error: Exception) -> web.Response:
    """Any failure in the vendor's words."""
    code = error.code if isinstance(error, JuheError) else codes.BROKEN
    refused = answer(codes.REASONS[code], None, code)
    if not isinstance(error, JuheError | web.HTTPException | web.RequestPayloadError):
        refused.set_status(500)
    return refused
