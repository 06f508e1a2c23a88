"""What every airtime adapter must do, asked of each against the sandbox's book."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, replace
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from deploy.sandbox.customer import Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.testing import SandboxProcess
from services.rewards.providers.protocol import Airtime, Listed
from services.rewards.providers.registry import VENDORS
from services.rewards.rules.orders import Order
from services.rewards.settings import Settings
from shared.config import load
from shared.errors import Misconfigured
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport, Terms, choose
from tests.integration.test_rewards_jobs import environment
from tests.vendors import NOWHERE
from tests.vendors import environment as settings_of


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
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each vendor of the registry in turn, as the sandbox knows it."""
    return DIALECTS[request.param]


@pytest.fixture
async def vendor(
    dialect: Dialect, book: Client, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Airtime]:
    """The adapter, as the service would open it."""
    for name, value in settings_of(dialect, book.url).items():
        monkeypatch.setenv(name, value)
    async with choose(VENDORS, "", dialect.name, Terms(20, NOWHERE)) as opened:
        yield opened


def order() -> Order:
    """20 yuan, of the product that both sides agreed upon."""
    return Order(uuid4().hex, "", "", 2000)


def phone(ending: str = "88") -> str:
    """A number with these last digits."""
    return f"+861380000{ending.zfill(4)}"


async def send(vendor: Airtime, made: Order, to: str = phone()) -> Outcome:
    """As the service would: of the product that the vendor sells for the amount."""
    return await vendor.send(replace(made, product=vendor.products[made.amount_fen]), to)


async def settled(vendor: Airtime, made: Order) -> Outcome:
    """What asking ends with."""
    for _ in range(500):
        outcome = await vendor.ask(replace(made, product=vendor.products[made.amount_fen]))
        if not isinstance(outcome, Accepted):
            return outcome
        await asyncio.sleep(0.01)
    pytest.fail("never settled")


async def paid_count(book: Client) -> int:
    """Top-ups that the vendor truly paid."""
    return int((await book.book())["airtime"]["paid_count"])


def test_every_adapter_has_its_dialect() -> None:
    """What the registry knows, the sandbox speaks, and the other way round."""
    assert set(VENDORS) == {dialect.name for dialect in of_kind("airtime")}


async def test_an_order_is_accepted_and_then_paid(vendor: Airtime, book: Client) -> None:
    """Accepted with the vendor's reference, then paid under the same one."""
    made = order()
    accepted = await send(vendor, made)
    assert isinstance(accepted, Accepted)
    paid = await settled(vendor, made)
    assert isinstance(paid, Done)
    assert accepted.ref == paid.ref
    assert 1 == await paid_count(book)


async def test_what_is_not_sold_is_held(vendor: Airtime) -> None:
    """A product that our account does not have: nothing was carried out, an operator must act."""
    assert isinstance(await vendor.send(replace(order(), product="1"), phone()), Held)


async def test_what_is_sold_is_listed_with_its_amount(vendor: Airtime) -> None:
    """The vendor's own catalogue says of each product that is configured what the phone gets."""
    for fen, product in vendor.products.items():
        listed = await vendor.look_up(product)
        assert isinstance(listed, Listed)
        assert fen == listed.amount_fen


async def test_what_is_not_sold_is_not_listed(vendor: Airtime) -> None:
    """A product that our account does not have, in the vendor's own word."""
    assert Listed(None, "nothing") == await vendor.look_up("1")


async def test_a_catalogue_that_is_away_says_nothing(
    vendor: Airtime, dialect: Dialect, book: Client
) -> None:
    """A lost answer is no answer: neither that it is sold nor that it is not."""
    for kind in ("drop_answer", "http_500_before", "garbage", "truncated"):
        await book.arm(dialect.name, kind, count=1)
        assert isinstance(await vendor.look_up(vendor.products[2000]), Unknown)


async def test_an_order_of_another_product_is_not_ours(vendor: Airtime) -> None:
    """The vendor knows the id with another product than we ordered: nothing is concluded."""
    made = order()
    await send(vendor, made)
    assert isinstance(await vendor.ask(replace(made, product="1")), Unknown)


async def test_an_order_of_before_is_judged_by_its_id(vendor: Airtime) -> None:
    """Orders from before products were kept are still found."""
    made = order()
    await send(vendor, made)
    assert isinstance(await vendor.ask(made), Accepted | Done)


async def test_an_order_that_never_was_is_not_found(vendor: Airtime) -> None:
    """NOT_FOUND is its own answer, neither a failure nor unknown."""
    assert NotFound() == await vendor.ask(order())


async def test_a_repeated_order_is_not_paid_twice(vendor: Airtime, book: Client) -> None:
    """If the adapter says that repeats are refused, they are, and the answer says: ask."""
    assert vendor.refuses_repeats
    made = order()
    await send(vendor, made)
    assert isinstance(await send(vendor, made), Unknown)
    assert isinstance(await settled(vendor, made), Done)
    assert 1 == await paid_count(book)


@pytest.mark.parametrize(
    ("ending", "retriable"),
    [("02", False), ("03", False), ("05", False), ("04", True), ("06", True), ("07", True)],
)
async def test_a_declined_order(vendor: Airtime, ending: str, retriable: bool) -> None:
    """A final failure, told apart by whether a new order may succeed."""
    made = order()
    await send(vendor, made, phone(ending))
    outcome = await settled(vendor, made)
    assert isinstance(outcome, Rejected)
    assert retriable == outcome.retriable


@pytest.mark.parametrize(
    "kind",
    ["drop_answer", "drop_before", "http_500_before", "http_500_after", "garbage", "truncated"],
)
async def test_a_spoilt_answer_is_unknown(
    vendor: Airtime, dialect: Dialect, book: Client, kind: str
) -> None:
    """Whatever happened to the order or the question, nothing is concluded from it."""
    await book.arm(dialect.name, kind)
    assert isinstance(await send(vendor, order()), Unknown)
    assert isinstance(await vendor.ask(order()), Unknown)


async def test_a_question_whose_answer_is_lost_is_asked_once(
    vendor: Airtime, dialect: Dialect, book: Client
) -> None:
    """No library repeats a call behind our back, not even one that only reads."""
    armed = await book.arm(dialect.name, "drop_before")
    await vendor.ask(order())
    await send(vendor, order())
    _, faults = await book.call("GET", "/admin/faults")
    assert [(armed["id"], 2)] == [(fault["id"], fault["fired"]) for fault in faults["faults"]]


async def test_an_empty_wallet_is_held(vendor: Airtime, dialect: Dialect, book: Client) -> None:
    """An operator must act."""
    await book.arm(dialect.name, "empty_wallet")
    assert isinstance(await send(vendor, order()), Held)


async def test_an_invalid_number_is_final(vendor: Airtime) -> None:
    """A number that the vendor does not serve."""
    outcome = await send(vendor, order(), "+15005550001")
    assert isinstance(outcome, Rejected)
    assert not outcome.retriable


async def test_a_refused_connection_proves_that_nothing_left(
    vendor: Airtime, sandbox: SandboxProcess
) -> None:
    """Nobody listens: try later, order and question alike."""
    sandbox.stop()
    try:
        assert isinstance(await send(vendor, order()), TryLater)
        assert isinstance(await vendor.ask(order()), TryLater)
    finally:
        sandbox.start()


async def test_a_report_is_read_for_its_order_only(vendor: Airtime, dialect: Dialect) -> None:
    """The order's id out of the vendor's own form, or a refusal that quotes nothing."""
    reported = json.dumps(dialect.customer.report("abcdefgh")).encode()
    assert ["abcdefgh"] == vendor.read_report(reported)
    number = json.dumps(dialect.customer.report("+8613800004488")).encode()
    for malformed in (b"", b"\xff\x00", b"{", b"[1]", number):
        with pytest.raises(NotAReport) as caught:
            vendor.read_report(malformed)
        assert "13800004488" not in str(caught.value)


def test_an_order_holds_no_phone() -> None:
    """An order in a traceback or a log tells no number."""
    assert not [field for field in fields(Order) if "phone" in field.name]


def test_a_lease_outlasts_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or an order could still be travelling when it is given up."""
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASHANG_LEASE_S", "20")
    with pytest.raises(Misconfigured, match="MASHANG_LEASE_S: should be longer"):
        load(Settings)
