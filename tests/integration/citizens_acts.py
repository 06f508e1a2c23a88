"""How a right request is made of what citizens may still say with their receipt."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession

from services.intake.accept import codes
from services.intake.accept.store import phones
from shared.events import Envelope
from shared.values import clock
from tests.integration.test_access_matrix import bearer
from tests.integration.test_garbage import Place

Body = dict[str, Any]
Make = Callable[[Place], Awaitable[tuple[Body, Body]]]
WORDS = "等了一上午没有人"
FOUND: Body = {
    "verdict": "substantiated", "attribution": "unit", "finding": "属实", "answer": "已整改",
    "revision": 0, "categories": ["other"],
}  # fmt: skip
NEWEST = "SELECT body FROM outbox WHERE type = 'otp.requested.v1' ORDER BY seq DESC LIMIT 1"


async def receipt(place: Place, *, answered: bool = False, **said: Any) -> Body:
    """Of a complaint without a phone, whose case is open or has its answer."""
    async with ClientSession() as http:
        told = await place.town.complain(http, **{"phone": None, "words": WORDS, **said})
        if answered:
            case_id = await place.town.case_of(told["submission_id"])
            header = await bearer(place.town, http, "verification", "north1")
            url = f"{place.town.urls['verification']}/api/v1/cases/{case_id}/verdicts"
            async with http.post(url, json=FOUND, headers=header) as response:
                assert 201 == response.status, await response.text()
    return {"receipt": told["receipt"]["code"]}


async def rate(place: Place) -> tuple[Body, Body]:
    """The two questions below an answer."""
    return await receipt(place, answered=True), {"solved": False, "satisfied": True}


async def follow_up(place: Place) -> tuple[Body, Body]:
    """The answer is not accepted."""
    return await receipt(place, answered=True), {"words": "并没有整改"}


async def add(place: Place) -> tuple[Body, Body]:
    """More words while the case is open."""
    return await receipt(place), {"words": "下午也没有人"}


async def thank(place: Place) -> tuple[Body, Body]:
    """Words behind a good rating."""
    said: Body = {"kind": "rating", "satisfaction": 5, "words": None, "categories": []}
    return await receipt(place, **said), {"words": "很热心"}


async def withdraw(place: Place) -> tuple[Body, Body]:
    """The citizen withdraws."""
    return await receipt(place), {"withdrawn": True}


async def press(place: Place) -> tuple[Body, Body]:
    """Somebody presses the citizen."""
    return await receipt(place), {"words": "要我改口"}


async def ask_code(place: Place) -> tuple[Body, Body]:
    """A code for a phone."""
    return await receipt(place), {"phone": f"1387777{uuid4().int % 10_000:04}"}


async def bind(place: Place) -> tuple[Body, Body]:
    """The phone to which a code went."""
    params, asked = await ask_code(place)
    url = f"{place.town.urls['intake']}/api/v1/receipts/{params['receipt']}/phone-codes"
    key = {"Idempotency-Key": uuid4().hex}
    async with ClientSession(headers=key) as http, http.post(url, json=asked) as response:
        assert 201 == response.status, await response.text()
    async with place.town.databases["intake"].acquire() as conn:
        told = Envelope.model_validate_json(await conn.fetchval(NEWEST)).data
    seal = place.town.settings["intake"].seal
    return params, {"code": seal.open(told["code_sealed"], f"code:{told['otp_id']}")}


async def wish(place: Place) -> tuple[Body, Body]:
    """What was written is corrected."""
    said = {"kind": "correction", "known": WORDS, "words": "是下午"}
    return await receipt(place), said


async def hand_in(_: Place) -> tuple[Body, Body]:
    """A complaint by an app on the list."""
    said = {"api_key": "app", "service_code": "other", "address_id": "n1"}
    return {}, said | {"description": f"没有人 {uuid4()}"}


async def photograph(_: Place) -> tuple[Body, Body]:
    """A photo before its submission; what is sent is no JSON."""
    return {}, {}


async def decline(place: Place) -> tuple[Body, Body]:
    """Whoever got an invitation by SMS wants no more."""
    number = uuid4().int % 10**10
    code = codes.invite({"1": b64decode(place.town.keys.code_key)}, "n1", number)
    now = clock.now()
    async with place.town.databases["intake"].transaction() as conn:
        assert await phones.take(conn, f"index {number}", code, now, now)
    return {"code": code}, {"no_more": True}


SAID: Mapping[str, Make] = {
    "rating": rate, "ratings": rate, "followup": follow_up, "followups": follow_up, "add": add,
    "additions": add, "thanks": thank, "withdraw": withdraw, "withdrawals": withdraw,
    "above": press, "reports": press, "phone-codes": ask_code, "/r/{receipt}/phone": ask_code,
    "phone": bind, "code": bind, "data": wish, "requests.json": hand_in, "requests.xml": hand_in,
    "attachments": photograph, "no-more": decline,
}  # fmt: skip
