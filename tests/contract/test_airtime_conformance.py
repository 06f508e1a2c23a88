"""What every airtime adapter must do, and DT One's codes, each against a real HTTP server."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.rewards.providers import Airtime, NotACallback, Order
from services.rewards.providers.dtone import DtOne
from services.rewards.providers.dtone_codes import ERRORS
from services.rewards.providers.registry import VENDORS, choose
from services.rewards.rules.outcomes import (
    Accepted,
    Held,
    NotFound,
    Outcome,
    Paid,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from services.rewards.settings import Settings
from shared.config import load
from shared.errors import Misconfigured
from tests.integration.test_rewards_jobs import environment


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the module."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def book(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """The sandbox's admin side, with an empty book."""
    async with ClientSession() as session:
        client = Client(session, sandbox.url)
        await client.reset()
        yield client


@pytest.fixture(params=list(VENDORS))
async def vendor(
    request: pytest.FixtureRequest, book: Client, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Airtime]:
    """Every adapter that the registry knows, as the service would open it."""
    for name, value in environment(book.url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASHANG_AIRTIME_VENDOR", request.param)
    async with choose(load(Settings)) as opened:
        yield opened


def order(ending: str = "88") -> Order:
    """20 yuan for a phone with these last digits."""
    return Order(uuid4().hex, 2000, f"+861380000{ending.zfill(4)}")


async def settled(vendor: Airtime, order_id: str) -> Outcome:
    """What asking ends with."""
    for _ in range(500):
        outcome = await vendor.ask(order_id)
        if not isinstance(outcome, Accepted):
            return outcome
        await asyncio.sleep(0.01)
    pytest.fail("never settled")


async def paid_count(book: Client) -> int:
    """Top-ups that the vendor truly paid."""
    return int((await book.book())["airtime"]["paid_count"])


async def test_an_order_is_accepted_and_then_paid(vendor: Airtime, book: Client) -> None:
    """Accepted with the vendor's reference, then paid under the same one."""
    made = order()
    accepted = await vendor.send(made)
    assert isinstance(accepted, Accepted)
    paid = await settled(vendor, made.order_id)
    assert isinstance(paid, Paid)
    assert accepted.ref == paid.ref
    assert 1 == await paid_count(book)


async def test_an_order_that_never_was_is_not_found(vendor: Airtime) -> None:
    """NOT_FOUND is its own answer, neither a failure nor unknown."""
    assert NotFound() == await vendor.ask(uuid4().hex)


async def test_a_repeated_order_is_not_paid_twice(vendor: Airtime, book: Client) -> None:
    """If the adapter says that repeats are refused, they are, and the answer says: ask."""
    assert vendor.refuses_repeats
    made = order()
    await vendor.send(made)
    assert isinstance(await vendor.send(made), Unknown)
    assert isinstance(await settled(vendor, made.order_id), Paid)
    assert 1 == await paid_count(book)


@pytest.mark.parametrize(
    ("ending", "retriable"),
    [("02", False), ("03", False), ("05", False), ("04", True), ("06", True), ("07", True)],
)
async def test_a_declined_order(vendor: Airtime, ending: str, retriable: bool) -> None:
    """A final failure, told apart by whether a new order may succeed."""
    made = order(ending)
    await vendor.send(made)
    outcome = await settled(vendor, made.order_id)
    assert isinstance(outcome, Rejected)
    assert retriable == outcome.retriable


@pytest.mark.parametrize(
    "kind",
    ["drop_answer", "drop_before", "http_500_before", "http_500_after", "garbage", "truncated"],
)
async def test_a_spoilt_answer_is_unknown(vendor: Airtime, book: Client, kind: str) -> None:
    """Whatever happened to the order or the question, nothing is concluded from it."""
    await book.arm("dtone", kind)
    assert isinstance(await vendor.send(order()), Unknown)
    assert isinstance(await vendor.ask(uuid4().hex), Unknown)


async def test_an_empty_wallet_is_held(vendor: Airtime, book: Client) -> None:
    """An operator must act."""
    await book.arm("dtone", "empty_wallet")
    assert isinstance(await vendor.send(order()), Held)


async def test_an_invalid_number_is_final(vendor: Airtime) -> None:
    """A number that the vendor does not serve."""
    outcome = await vendor.send(Order(uuid4().hex, 2000, "+15005550001"))
    assert isinstance(outcome, Rejected)
    assert not outcome.retriable


async def test_a_refused_connection_proves_that_nothing_left(
    vendor: Airtime, sandbox: SandboxProcess
) -> None:
    """Nobody listens: try later. About a question, it says nothing."""
    sandbox.stop()
    try:
        assert isinstance(await vendor.send(order()), TryLater)
        assert isinstance(await vendor.ask(uuid4().hex), Unknown)
    finally:
        sandbox.start()


async def test_callbacks_are_read_for_their_order_only(vendor: Airtime) -> None:
    """The order's id, or a refusal that quotes nothing."""
    assert "abcdefgh" == vendor.read_callback(b'{"external_id": "abcdefgh", "status": 1}')
    with pytest.raises(NotACallback) as caught:
        vendor.read_callback(b'{"external_id": "+8613800004488"}')
    assert "138" not in str(caught.value)


def test_a_phone_is_not_in_the_orders_repr() -> None:
    """An order in a traceback or a log does not tell the number."""
    assert "1380000" not in repr(order())


def test_an_unknown_vendor_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting's name and the known vendors."""
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASHANG_AIRTIME_VENDOR", "nobody")
    with pytest.raises(Misconfigured, match=r"MASHANG_AIRTIME_VENDOR.*dtone"):
        choose(load(Settings))


def test_a_lease_outlasts_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or an order could still be travelling when it is given up."""
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASHANG_LEASE_S", "20")
    with pytest.raises(Misconfigured, match="MASHANG_LEASE_S: should be longer"):
        load(Settings)


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
        adapter = DtOne(str(server.make_url("/v1")), "k", "s", 6020, "http://127.0.0.1:9/c")
        async with adapter:
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
    outcome = await dtone.send(order())
    wanted = MEANINGS.get(ERRORS.get(code, "unknown"), Unknown) if status >= 300 else Unknown
    assert wanted is type(outcome)
    if isinstance(outcome, Rejected):
        assert (ERRORS[code] == "retry") == outcome.retriable


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
        (transaction(), Paid),
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
    assert kind is type(await dtone.send(Order("abc", 2000, "+8613800004488")))
    script.body = json.dumps([body]).encode()
    assert kind is type(await dtone.ask("abc"))


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
    assert kind is type(await dtone.ask("abc"))


async def test_several_errors_are_unknown(dtone: DtOne, script: Scripted) -> None:
    """Two different codes in one answer contradict each other."""
    script.status = 400
    script.body = b'{"errors": [{"code": 1005003}, {"code": 1009001}]}'
    assert isinstance(await dtone.send(order()), Unknown)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(dtone: DtOne, script: Scripted, code: int) -> None:
    """An order goes to the configured address and nowhere else, once."""
    script.status, script.headers = code, {"Location": "/elsewhere"}
    assert isinstance(await dtone.send(order()), Unknown)
    assert 1 == script.seen
