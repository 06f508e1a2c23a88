"""DT One's codes, statuses and settings, each against a scripted HTTP server."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rewards.providers.dtone import DtOne, Settings
from services.rewards.providers.dtone_answers import NOT_BEFORE
from services.rewards.providers.dtone_codes import ERRORS
from services.rewards.providers.protocol import Listed
from services.rewards.rules.numbers import Belongs, Word
from services.rewards.rules.orders import Order
from shared.errors import Misconfigured
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

SETTINGS = {
    "key": "k",
    "secret": "s",
    "products": "20.00=6020,50.00=6050",
    "report_secret": "r" * 16,
}


PHONE = "+8613800000088"
ABC = Order("abc", "dtone", "6020", 2000)


def order() -> Order:
    """20 yuan for somebody."""
    return Order(uuid4().hex, "dtone", "6020", 2000)


class Scripted:
    """A DT One that answers what it is told."""

    def __init__(self) -> None:
        self.status, self.body, self.seen = 200, b"", 0
        self.headers: dict[str, str] = {}

    async def answer(self, _: web.Request) -> web.Response:
        """The same to everything."""
        self.seen += 1
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def script() -> Scripted:
    """The answers."""
    return Scripted()


@pytest.fixture
async def dtone(script: Scripted) -> AsyncIterator[DtOne]:
    """DT One's adapter before a scripted server."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server:
        settings = Settings.model_validate(SETTINGS | {"url": str(server.make_url("/v1"))})
        async with DtOne(settings, Terms(20, "http://127.0.0.1:9")) as adapter:
            yield adapter


MEANINGS = {"final": Rejected, "retry": Rejected, "later": TryLater, "held": Held}


@pytest.mark.parametrize("code", [*ERRORS, "1999999"])
@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
async def test_the_code_decides_and_not_the_status(
    dtone: DtOne, script: Scripted, code: str, status: int
) -> None:
    """Each code of the table means the same under any error status; unlisted ones are unknown."""
    script.status = status
    script.body = json.dumps({"errors": [{"code": int(code), "message": "x"}]}).encode()
    outcome = await dtone.send(order(), PHONE)
    wanted = MEANINGS.get(ERRORS.get(code, "unknown"), Unknown) if status >= 300 else Unknown
    assert wanted is type(outcome)
    if isinstance(outcome, Rejected):
        assert (ERRORS[code] == "retry") == outcome.retriable


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("1000400", Rejected), ("1000401", Held), ("1000429", TryLater), ("1003001", Held),
        ("1005003", Rejected), ("1006001", Held), ("1007001", Unknown), ("1009001", Unknown),
        ("1009503", Rejected),
    ],
)  # fmt: skip
async def test_what_each_code_does_to_the_money(
    dtone: DtOne, script: Scripted, code: str, kind: type[Outcome]
) -> None:
    """Said once more beside the table: what may have been paid is never taken for a refusal."""
    script.status = 400
    script.body = json.dumps({"errors": [{"code": int(code), "message": "x"}]}).encode()
    assert kind is type(await dtone.send(order(), PHONE))


def test_every_code_of_the_table_is_said_once_more() -> None:
    """A new code needs its line above, too."""
    (marked,) = test_what_each_code_does_to_the_money.pytestmark  # type: ignore[attr-defined]
    assert set(ERRORS) == {code for code, _ in marked.args[1]}


def transaction(**changes: Any) -> dict[str, Any]:
    """A completed transaction of the order `abc`."""
    return {
        "id": 5,
        "external_id": "abc",
        "status": {"message": "COMPLETED", "class": {"id": 7, "message": "COMPLETED"}},
        "product": {"id": 6020},
    } | changes


def status(number: int, message: str) -> dict[str, Any]:
    """A transaction in a class."""
    return transaction(status={"message": message, "class": {"id": number}})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (transaction(), Done),
        (status(1, "CREATED"), Accepted),
        (status(2, "CONFIRMED"), Accepted),
        (status(5, "SUBMITTED"), Accepted),
        (status(3, "REJECTED"), Rejected),
        (status(4, "CANCELLED"), Rejected),
        (status(9, "DECLINED-SOMETHING-NEW"), Rejected),
        (status(8, "REVERSED"), Reversed),
        (status(6, "NEW"), Unknown),
        (transaction(external_id="other"), Unknown),
        (transaction(product={"id": 1}), Unknown),
        ({}, Unknown),
        ([transaction()], Unknown),
        ("COMPLETED", Unknown),
        (None, Unknown),
    ],
)
async def test_the_class_of_the_status_decides(
    dtone: DtOne, script: Scripted, body: Any, kind: type[Outcome]
) -> None:
    """Only our own order, of our product, in a known class, is concluded from; sent or asked."""
    script.body = json.dumps(body).encode()
    assert kind is type(await dtone.send(ABC, PHONE))
    script.body = json.dumps([body]).encode()
    assert kind is type(await dtone.ask(ABC))


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (200, b"[]", NotFound),
        (404, b'{"errors": [{"code": 1008004, "message": "x"}]}', Unknown),
        (401, b'{"errors": [{"code": 1000401, "message": "x"}]}', Unknown),
        (429, b'{"errors": [{"code": 1000429, "message": "x"}]}', Unknown),
        (200, json.dumps([transaction(), transaction()]).encode(), Unknown),
        (200, b"\xff", Unknown),
    ],
)
async def test_a_question_that_failed_says_nothing(
    dtone: DtOne, script: Scripted, code: int, body: bytes, kind: type[Outcome]
) -> None:
    """Only an empty list means that the vendor does not have the order."""
    script.status, script.body = code, body
    assert kind is type(await dtone.ask(ABC))


def offer(**changes: Any) -> dict[str, Any]:
    """A product of 20 yuan."""
    destination = {"amount": 20, "unit": "CNY", "unit_type": "CURRENCY"}
    told = {"id": 6020, "type": "FIXED_VALUE_RECHARGE", "destination": destination}
    return told | {"operator": {"id": 6001, "name": "China Mobile"}} | changes


@pytest.mark.parametrize(
    ("destination", "fen"),
    [
        ({"amount": 20, "unit": "CNY"}, 2000),
        ({"amount": 20.0, "unit": "CNY"}, 2000),
        ({"amount": "19.99", "unit": "CNY"}, 1999),
        ({"amount": 20, "unit": "USD"}, None),
    ],
)
async def test_what_the_phone_gets_is_the_amount(
    dtone: DtOne, script: Scripted, destination: dict[str, Any], fen: int | None
) -> None:
    """Whole fen of yuan; another currency is nothing that we may promise."""
    script.body = json.dumps(offer(destination=destination)).encode()
    listed = await dtone.look_up("6020")
    assert isinstance(listed, Listed)
    assert (fen, "6001") == (listed.amount_fen, listed.network)


@pytest.mark.parametrize("changes", [{"id": 6021}, {"type": "RANGED_VALUE_RECHARGE"}])
async def test_another_product_is_not_the_one_asked_about(
    dtone: DtOne, script: Scripted, changes: dict[str, Any]
) -> None:
    """Another id, or a product whose amount the order would say: not ours, and people read why."""
    script.body = json.dumps(offer(**changes)).encode()
    listed = await dtone.look_up("6020")
    assert isinstance(listed, Listed)
    assert (None, True) == (listed.amount_fen, str(next(iter(changes.values()))) in listed.said)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (200, b"[]"), (200, b"\xff"), (200, b"{}"),
        (200, json.dumps(offer(destination={"amount": 20.001, "unit": "CNY"})).encode()),
        (200, json.dumps(offer(operator=None)).encode()),
        (401, b'{"errors": [{"code": 1000401}]}'), (429, b'{"errors": [{"code": 1000429}]}'),
        (404, b"not found"), (500, b""), (404, b'{"errors": [{"code": 1003001}, {"code": 1}]}'),
    ],
)  # fmt: skip
async def test_a_catalogue_that_says_nothing(
    dtone: DtOne, script: Scripted, code: int, body: bytes
) -> None:
    """Only the vendor's own word that there is no such product is one."""
    script.status, script.body = code, body
    assert isinstance(await dtone.look_up("6020"), Unknown)


async def test_several_errors_are_unknown(dtone: DtOne, script: Scripted) -> None:
    """Two different codes in one answer contradict each other."""
    script.status = 400
    script.body = b'{"errors": [{"code": 1005003}, {"code": 1009001}]}'
    assert isinstance(await dtone.send(order(), PHONE), Unknown)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(dtone: DtOne, script: Scripted, code: int) -> None:
    """An order goes to the configured address and nowhere else, once."""
    script.status, script.headers = code, {"Location": "/elsewhere"}
    assert isinstance(await dtone.send(order(), PHONE), Unknown)
    assert 1 == script.seen


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"external_id": 7}', b'{"external_id": "a\\u0000b"}',
     b'{"external_id": "' + b"a" * 41 + b'"}', b'{"id": 5}'],
)  # fmt: skip
async def test_what_is_no_report(dtone: DtOne, body: bytes) -> None:
    """Only a transaction under an id that could be ours."""
    with pytest.raises(NotAReport):
        dtone.read_report(body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("URL", "nowhere"),
        ("KEY", ""),
        ("SECRET", ""),
        ("REPORT_SECRET", "x"),
        *(
            ("PRODUCTS", text)
            for text in (
                "",
                "6020",
                "20.00=",
                "=6020",
                "20.001=1",
                "0=1",
                "-1=1",
                "20=1,20.00=2",
                "20.00=6020,x",
                "20.00=1/",
                "20.00=1/1",
                "20.00=1,50.00=1",
            )
        ),
    ],
)
def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    """The variable to mend is named, alone."""
    good = {**SETTINGS, "url": "http://127.0.0.1:9"}
    for name, text in good.items():
        monkeypatch.setenv(f"MASHANG_DTONE_{name.upper()}", str(text))
    monkeypatch.setenv(f"MASHANG_DTONE_{field}", value)
    with pytest.raises(Misconfigured) as caught:
        DtOne.make(Terms(1, "http://127.0.0.1:9"))
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"MASHANG_DTONE_{field}: ")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, [{"id": 1, "name": "China Mobile", "identified": True}], Belongs("1")),
        (200, [{"id": 1, "identified": False}, {"id": 2, "identified": True}], Belongs("2")),
        (200, [{"id": 1}], Belongs("1")),
        (200, [{"id": 1}, {"id": 2}], Unknown("operator_not_identified")),
        (200, [{"id": 1, "identified": False}], Unknown("operator_not_identified")),
        (200, [], Unknown("operator_not_identified")),
        (200, {"id": 1}, Unknown("http_200")),
        (404, {"errors": [{"code": 1005003}]}, Rejected("1005003", retriable=False)),
        (429, {"errors": [{"code": 1000429}]}, TryLater("1000429", NOT_BEFORE)),
        (503, {"errors": [{"code": 1009503}]}, TryLater("1009503", NOT_BEFORE)),
        (401, {"errors": [{"code": 1000401}]}, Held("1000401")),
        (418, {"errors": [{"code": 7}]}, Unknown("7")),
        (404, {"errors": [{"code": 1}, {"code": 2}]}, Unknown("http_404")),
        (404, "no such page", Unknown("http_404")),
        (502, "bad gateway", TryLater("http_502", NOT_BEFORE)),
        (500, {"errors": [{"code": 1009001}]}, TryLater("1009001", NOT_BEFORE)),
    ],
)
async def test_the_look_up_of_a_number(
    dtone: DtOne, script: Scripted, status: int, body: Any, expected: Word
) -> None:
    """The one operator that is identified has it; only an error that names it is against it."""
    script.status, script.body = status, json.dumps(body).encode()
    assert expected == await dtone.check(PHONE)
