"""Juhe's calls, codes, signatures and states, each against a scripted HTTP server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from aiohttp.test_utils import TestServer

from services.rewards.providers import juhe
from services.rewards.providers.juhe import Juhe, Settings
from services.rewards.providers.juhe_codes import ABSENT, BEFORE
from services.rewards.rules.orders import Order
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport, Terms
from tests.scripted import Scripted

SETTINGS = {"key": "k", "openid": "o", "products": "20.00=20", "report_secret": "r" * 16}
PHONE, NUMBER = "+8613800000088", "13800000088"
ORDER = Order("a" * 32, "juhe", "20", 2000)
REF = "20141120174602882"
PLACED = {
    "cardid": "1900212", "cardnum": "1", "ordercash": 19.8, "cardname": "河南移动话费20元直充",
    "sporder_id": REF, "uorderid": "a" * 32, "game_userid": NUMBER,
    "game_state": "0",
}  # fmt: skip
STATE = {"uordercash": "19.800", "sporder_id": REF, "game_state": "1"}


def said(result: Any = None, code: int | str = 0) -> tuple[int, Any]:
    """An answer as Juhe writes it."""
    return 200, {"reason": "…", "result": result, "error_code": code}


@pytest.fixture
def script() -> Scripted:
    """A Juhe where everything goes well."""
    return Scripted(
        {
            "/telcheck": said(),
            "/yue": said({"uid": "x", "money": "100.00"}),
            "/onlineorder": said(PLACED),
            "/ordersta": said(STATE),
        }
    )


@pytest.fixture
async def vendor(script: Scripted) -> AsyncIterator[Juhe]:
    """The adapter before it."""
    async with TestServer(script.app) as server:
        settings = Settings.model_validate(SETTINGS | {"url": str(server.make_url("/mobile"))})
        async with Juhe(settings, Terms(20, "http://127.0.0.1:9")) as opened:
            yield opened


def hashed(text: str) -> str:
    """md5, lower case."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def form(script: Scripted, end: str) -> Mapping[str, str]:
    """The one form that was sent to a path."""
    [body] = script.bodies(end)
    return {name: value for name, [value] in parse_qs(body).items()}


async def test_an_order_is_three_calls(vendor: Juhe, script: Scripted) -> None:
    """Allowed? Money? Then the order, signed over OpenID, key, number, amount and our id."""
    assert Accepted(REF, "game_state_0") == await vendor.send(ORDER, PHONE)
    assert ["telcheck", "yue", "onlineorder"] == script.paths
    sent = form(script, "/onlineorder")
    wanted = {"phoneno": NUMBER, "cardnum": "20", "orderid": "a" * 32, "key": "k"}
    assert wanted | {"sign": hashed(f"ok{NUMBER}20{'a' * 32}")} == sent
    asked = form(script, "/yue")
    assert hashed(f"ok{asked['timestamp']}") == asked["sign"]
    assert {"phoneno": NUMBER, "cardnum": "20", "key": "k"} == form(script, "/telcheck")


@pytest.mark.parametrize("code", ["10001", "10014", "100014", "208501", "208516", "208517", "7"])
@pytest.mark.parametrize("status", [200, 500])
async def test_of_an_order_every_code_but_0_is_unknown(
    vendor: Juhe, script: Scripted, code: str, status: int
) -> None:
    """Also one that sounds like a refusal: it is kept raw, and asked about."""
    script.answers["/onlineorder"] = (status, said(code=int(code))[1])
    outcome = await vendor.send(ORDER, PHONE)
    assert Unknown(code if status == 200 else "http_500") == outcome


@pytest.mark.parametrize(
    "answer",
    [
        said(PLACED | {"uorderid": "b" * 32}), said(PLACED | {"game_state": "5"}), said({}),
        said(), said([]), (200, b""), (200, b"{"), (200, b"\xff"), (200, []), (500, b"oops"),
        (302, said(PLACED)[1]), (200, {"result": PLACED}),
    ],
)  # fmt: skip
async def test_an_answer_that_says_nothing_is_unknown(
    vendor: Juhe, script: Scripted, answer: tuple[int, Any]
) -> None:
    """Another order, another state, no sense at all."""
    script.answers["/onlineorder"] = answer
    assert isinstance(await vendor.send(ORDER, PHONE), Unknown)


MEANINGS = {"final": Rejected, "later": TryLater, "held": Held}


@pytest.mark.parametrize("call", ["/telcheck", "/yue"])
@pytest.mark.parametrize("code", [*BEFORE, "999999"])
async def test_a_refusal_before_the_order_is_certain(
    vendor: Juhe, script: Scripted, code: str, call: str
) -> None:
    """As the table says; an unlisted code is counted, and nothing was ordered by any."""
    script.answers[call] = said(code=code)
    outcome = await vendor.send(ORDER, PHONE)
    assert MEANINGS.get(BEFORE.get(code, ""), Rejected) is type(outcome)
    assert code == outcome.code
    assert isinstance(outcome, Rejected) <= (
        getattr(outcome, "retriable", None) == (code == "999999")
    )
    assert [] == script.bodies("/onlineorder")


@pytest.mark.parametrize("call", ["/telcheck", "/yue"])
@pytest.mark.parametrize("answer", [(500, b""), (200, b"{"), (502, said()[1]), (404, b"")])
async def test_a_question_before_the_order_that_fails_is_tried_later(
    vendor: Juhe, script: Scripted, answer: tuple[int, Any], call: str
) -> None:
    """Nothing was ordered, so it is not unknown."""
    script.answers[call] = answer
    assert isinstance(await vendor.send(ORDER, PHONE), TryLater)
    assert [] == script.bodies("/onlineorder")


@pytest.mark.parametrize(
    ("money", "kind"),
    [("19.99", Held), ("0", Held), ("-1", Held), ("20", Accepted), (20.0, Accepted),
     (None, TryLater), ("much", TryLater)],
)  # fmt: skip
async def test_the_wallet_is_looked_into_first(
    vendor: Juhe, script: Scripted, money: Any, kind: type[Outcome]
) -> None:
    """Less than the order's face value is held, before anything is ordered."""
    script.answers["/yue"] = said({"money": money})
    assert kind is type(await vendor.send(ORDER, PHONE))


async def test_slow_questions_leave_time_for_the_order(
    vendor: Juhe, script: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take half of a call's time together; then nothing is ordered at all."""

    async def slow(*_: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(vendor, "_seconds", 0.01)
    monkeypatch.setattr(vendor, "_refuse", slow)
    assert TryLater("slow", juhe.NOT_BEFORE) == await vendor.send(ORDER, PHONE)
    assert [] == script.asked


@pytest.mark.parametrize("phone", ["+15005550001", "13800000088", "+86138000000", "+852 61234567"])
async def test_only_mainland_numbers_are_served(vendor: Juhe, script: Scripted, phone: str) -> None:
    """The rest is final, and nobody is called."""
    outcome = await vendor.send(ORDER, phone)
    assert (Rejected("not_of_the_mainland", False), []) == (outcome, script.asked)


@pytest.mark.parametrize("made", [Order("a" * 32, "juhe", "50", 2000),
                                  Order("a" * 32, "juhe", "20", 5000)])  # fmt: skip
async def test_a_denomination_is_its_own_amount(
    vendor: Juhe, script: Scripted, made: Order
) -> None:
    """An order of 20 yuan never leaves as one of 50, whatever was configured when it was made."""
    assert (Held("no_such_denomination"), []) == (await vendor.send(made, PHONE), script.asked)


@pytest.mark.parametrize(
    ("state", "paid", "wanted"),
    [
        ("0", False, Accepted(REF, "game_state_0")),
        (1, False, Done(REF, "game_state_1")),
        ("9", False, Rejected("game_state_9", True)),
        ("9", True, Reversed(REF, "game_state_9")),
        ("2", False, Unknown("game_state_2")),
    ],
)
async def test_the_state_decides(
    vendor: Juhe, script: Scripted, state: Any, paid: bool, wanted: Outcome
) -> None:
    """Cancelled after it was called done is taken back."""
    script.answers["/ordersta"] = said(STATE | {"game_state": state})
    asked = Order("a" * 32, "juhe", "20", 2000, paid=paid)
    assert wanted == await vendor.ask(asked)
    assert {"orderid": "a" * 32, "key": "k"} == form(script, "/ordersta")


@pytest.mark.parametrize(("price", "known"), [("15.9", False), ("16", True), ("22", True),
                                              ("22.1", False), ("49.25", False)])  # fmt: skip
async def test_another_price_is_not_our_order(
    vendor: Juhe, script: Scripted, price: str, known: bool
) -> None:
    """The answer names no amount, so the price must be about that of 20 yuan."""
    script.answers["/ordersta"] = said(STATE | {"uordercash": price})
    assert known == isinstance(await vendor.ask(ORDER), Done)


@pytest.mark.parametrize("code", [*ABSENT, "10014", "999999"])
async def test_only_the_word_for_absence_is_one(vendor: Juhe, script: Scripted, code: str) -> None:
    """Any other code says nothing of the order."""
    script.answers["/ordersta"] = said(code=code)
    assert (NotFound() if code in ABSENT else Unknown(code)) == await vendor.ask(ORDER)


def report(**changes: str) -> bytes:
    """A report as Juhe posts it, with its signature."""
    ids = {"sporder_id": "7", "orderid": "a" * 32}
    signed = {**ids, "sta": "1", "sign": hashed("k" + "".join(ids.values()))}
    return urlencode(signed | changes).encode()


async def test_a_report_is_signed_by_the_key(vendor: Juhe) -> None:
    """Both ids are covered; the state is not, so it is not even read."""
    assert vendor.has_signed(report(), {})
    assert vendor.has_signed(report(sta="9"), {})
    assert ["a" * 32] == vendor.read_report(report(sta="9"))
    for forged in (report(orderid="b" * 32), report(sporder_id="8"), report(sign=""),
                   report(sign=hashed("k").upper()), report(sign="码"), b"", b"\xff"):  # fmt: skip
        assert not vendor.has_signed(forged, {})


def test_what_is_signed_with_the_key_of_before_counts() -> None:
    """While one follows another; with a third it does not."""
    told = SETTINGS | {"url": "http://127.0.0.1:9", "key": "new,k"}
    vendor = Juhe(Settings.model_validate(told), Terms(20, "http://127.0.0.1:9"))
    for key, signed in (("new", True), ("k", True), ("new,k", False), ("", False)):
        assert signed == vendor.has_signed(report(sign=hashed(f"{key}7{'a' * 32}")), {}), key


@pytest.mark.parametrize("body", [b"", b"orderid", b"{}", report(orderid="short"), b"\xff=1"])
async def test_what_is_no_report(vendor: Juhe, body: bytes) -> None:
    """Only a form about an id that could be ours."""
    with pytest.raises(NotAReport):
        vendor.read_report(body)


def test_no_secret_is_shown() -> None:
    """Nor the number: neither in the settings nor in an order."""
    settings = Settings.model_validate(SETTINGS | {"url": "http://127.0.0.1:9", "key": "topsecret"})
    assert "topsecret" not in repr(settings)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0", None),
        ("208501", Rejected("208501", retriable=False)),
        ("208502", Rejected("208502", retriable=False)),
        ("10014", TryLater("10014", juhe.NOT_BEFORE)),
        ("10001", Unknown("10001")),
        ("299999", Unknown("299999")),
    ],
)
async def test_telcheck_judges_a_number_before_any_order(
    vendor: Juhe, script: Scripted, code: str, expected: Outcome | None
) -> None:
    """Only its own two words are against the number; a wrong key or a new code is not."""
    script.answers["/telcheck"] = said(code=code)
    assert expected == await vendor.check("+8613800000088")
    assert ["telcheck"] == script.paths
    assert "20" == form(script, "/telcheck")["cardnum"]


@pytest.mark.parametrize("phone", ["+85291234567", "+863962912345;ext=802", "+861380000008"])
async def test_what_is_no_mobile_of_the_mainland_is_not_asked_about(
    vendor: Juhe, script: Scripted, phone: str
) -> None:
    """They sell to no other."""
    assert Rejected("not_of_the_mainland", retriable=False) == await vendor.check(phone)
    assert [] == script.paths
