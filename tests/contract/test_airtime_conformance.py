"""What every airtime adapter must do, asked of each against the sandbox's book."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from deploy.local.ports import free_port
from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text
from services.rewards.catalogue import Catalogue
from services.rewards.providers.protocol import UNASKABLE, Airtime, Listed, NotAStatement
from services.rewards.providers.registry import ADAPTERS, VENDORS
from services.rewards.rules.numbers import UNSOLD, Refusal
from services.rewards.rules.orders import Order
from services.rewards.rules.routing import Offer
from services.rewards.settings import Settings
from shared.config import load
from shared.errors import Misconfigured
from shared.vendors import reports
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
from shared.vendors.vendor import NotAReport, Terms, choose
from tests.conftest import eventually
from tests.integration.test_rewards_jobs import environment
from tests.vendors import environment as settings_of

# A number of each network, and one that its prefix does not tell.
NETWORKS = ("+8613800000088", "+8613000000088", "+8613300000088")
PORTED = "+8613800000009"
SPOILT = ["drop_answer", "drop_before", "http_500_before", "http_500_after", "garbage", "truncated"]
CARRIED_OUT = ("drop_answer", "http_500_after", "garbage", "truncated")


@pytest.fixture(scope="module")
def hears() -> str:
    """Where vendors report to; a test that listens starts an inbox there."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, hears: str) -> Iterator[SandboxProcess]:
    """One process for the module, which knows where to report."""
    told = {
        f"--{one.name}-report-url": reports.address(
            hears, one.name, one.secret(SEED, "report_secret")
        )
        for one in of_kind("airtime")
        if "report_url" in one.account.model_fields
    }
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), told) as process:
        yield process


@pytest.fixture
async def inbox(hears: str) -> AsyncIterator[Inbox]:
    """Listens to the vendors."""
    async with Inbox(int(hears.rpartition(":")[2])) as opened:
        yield opened


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


def adapter(
    dialect: Dialect,
    url: str,
    hears: str,
    patch: pytest.MonkeyPatch,
    seconds: float = 20,
    /,
    **changes: Any,
) -> Airtime:
    """As the service would choose it, not yet opened; `changes` are settings."""
    for name, value in settings_of(dialect, url, **changes).items():
        patch.setenv(name, value)
    return choose(VENDORS, "", dialect.name, Terms(seconds, hears))


@pytest.fixture
async def vendor(
    dialect: Dialect, book: Client, hears: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Airtime]:
    """The adapter, as the service would open it."""
    async with adapter(dialect, book.url, hears, monkeypatch) as opened:
        yield opened


@dataclass
class Shop:
    """An adapter with the service's memory: what it sells, and the vendor's id of each order."""

    vendor: Airtime
    dialect: Dialect
    book: Client
    told: dict[str, Outcome] = field(default_factory=dict)

    @property
    def twenty(self) -> str:
        """The product of 20 yuan for the numbers that a test uses: the first one."""
        return next(product for product, fen in self.vendor.products.items() if fen == 2000)

    def of(self, made: Order) -> Order:
        """The order as the service would have kept it."""
        ref = getattr(self.told.get(made.order_id), "ref", None)
        return replace(made, product=made.product or self.twenty, ref=ref)

    async def send(self, made: Order, to: str = "") -> Outcome:
        """Place it; an answer without an id takes none back."""
        outcome = await self.vendor.send(self.of(made), to or phone())
        self.told = {made.order_id: outcome, **self.told}
        return outcome

    async def ask(self, made: Order, **changes: Any) -> Outcome:
        """As the service would: as it was made."""
        return await self.vendor.ask(replace(self.of(made), **changes))

    async def settled(self, made: Order) -> Outcome:
        """What asking ends with."""
        found: list[Outcome] = []

        async def ended() -> bool:
            found.append(await self.ask(made))
            return not isinstance(found[-1], Accepted)

        await eventually(ended, True)
        return found[-1]

    async def rows(self) -> list[dict[str, Any]]:
        """What the vendor truly took."""
        return list((await self.book.book())["airtime"]["transactions"])

    async def paid_count(self) -> int:
        """Top-ups that the vendor truly paid."""
        return int((await self.book.book())["airtime"]["paid_count"])

    async def fired(self) -> int:
        """How often a fault has struck."""
        _, armed = await self.book.call("GET", "/admin/faults")
        return sum(fault["fired"] for fault in armed["faults"])


@pytest.fixture
def shop(vendor: Airtime, dialect: Dialect, book: Client) -> Shop:
    """The adapter and what is needed to buy."""
    return Shop(vendor, dialect, book)


def order() -> Order:
    """20 yuan, of the product that both sides agreed upon."""
    return Order(uuid4().hex, "", "", 2000)


def phone(ending: str = "88") -> str:
    """A number with these last digits."""
    return f"+861380000{ending.zfill(4)}"


def body_of(report: Any) -> bytes:
    """A text goes as it is, anything else as JSON."""
    return (report if isinstance(report, str) else json.dumps(report)).encode()


def test_every_adapter_has_its_dialect() -> None:
    """What the registry knows, the sandbox speaks, and the other way round."""
    assert set(VENDORS) == {dialect.name for dialect in of_kind("airtime")}


async def test_an_order_is_accepted_and_then_paid(shop: Shop) -> None:
    """Accepted with the vendor's reference, then paid under the same one."""
    made = order()
    accepted = await shop.send(made)
    assert isinstance(accepted, Accepted)
    paid = await shop.settled(made)
    assert isinstance(paid, Done)
    assert accepted.ref == paid.ref
    assert (1, {"CNY": 2000}) == (
        await shop.paid_count(),
        (await shop.book.book())["airtime"]["sum_fen"],
    )


async def test_what_is_not_sold_is_held(shop: Shop) -> None:
    """A product that our account does not have: nothing was carried out, an operator must act."""
    assert isinstance(await shop.vendor.send(replace(order(), product="1"), phone()), Held)
    assert [] == await shop.rows()


async def test_what_is_sold_is_listed_with_its_amount(vendor: Airtime) -> None:
    """What is configured is confirmed to be what the phone gets, and whose phones do."""
    for product, fen in vendor.products.items():
        listed = await vendor.look_up(product)
        assert isinstance(listed, Listed)
        assert (fen, vendor.by_network) == (listed.amount_fen, listed.network is not None)


async def test_what_is_not_sold_is_not_listed(vendor: Airtime) -> None:
    """A product that our account does not have."""
    assert Listed(None, "nothing") == await vendor.look_up("1")


@pytest.mark.parametrize("kind", ["drop_answer", "http_500_before", "garbage", "truncated"])
async def test_a_catalogue_that_is_away_says_nothing(shop: Shop, kind: str) -> None:
    """A lost answer is no answer: neither that it is sold nor that it is not."""
    await shop.book.arm(shop.dialect.name, kind, count=1)
    listed = await shop.vendor.look_up(shop.twenty)
    assert (await shop.fired() == 1) == isinstance(listed, Unknown | TryLater)


async def test_an_order_of_another_product_is_not_ours(shop: Shop) -> None:
    """The vendor knows the id with something else than we ordered: nothing is concluded."""
    made = order()
    await shop.send(made)
    await shop.settled(made)
    assert isinstance(await shop.ask(made, product="1", amount_fen=100), Unknown)


async def test_an_order_of_before_is_judged_by_its_id(shop: Shop) -> None:
    """Orders from before products were kept are still found."""
    made = order()
    await shop.send(made)
    assert isinstance(await shop.ask(made, product=""), Accepted | Done)


async def test_an_order_that_never_was_is_not_found(shop: Shop) -> None:
    """NOT_FOUND is its own answer, neither a failure nor unknown."""
    never = UNASKABLE if shop.vendor.by_own_id else NotFound()
    assert never == await shop.ask(order())


async def test_an_order_id_that_was_used_is_asked_about(shop: Shop) -> None:
    """Sent again, it is not paid twice, and the answer says: ask. Only some promise that."""
    made = order()
    await shop.send(made)
    assert isinstance(await shop.send(made), Unknown)
    assert isinstance(await shop.settled(made), Done)
    assert 1 == await shop.paid_count()


@pytest.mark.parametrize(
    ("ending", "retriable"),
    [("02", False), ("03", False), ("05", False), ("04", True), ("06", True), ("07", True)],
)
async def test_a_declined_order(shop: Shop, ending: str, retriable: bool) -> None:
    """A final failure; where the vendor says why, told apart by whether a new order may succeed."""
    made = order()
    await shop.send(made, phone(ending))
    outcome = await shop.settled(made)
    assert isinstance(outcome, Rejected)
    assert outcome.retriable == (retriable or not shop.dialect.reasons)
    assert 0 == await shop.paid_count()


@pytest.mark.parametrize("kind", SPOILT)
async def test_a_spoilt_answer_is_unknown(shop: Shop, kind: str) -> None:
    """Whatever happened to the order, nothing is concluded from it; asking finds it, or does not.

    What cannot be asked about by our id stays as it is, until a statement tells.
    """
    await shop.book.arm(shop.dialect.name, kind, count=1, path=shop.dialect.order)
    made = order()
    assert isinstance(await shop.send(made), Unknown)
    known = Done if kind in CARRIED_OUT else NotFound
    found = await shop.settled(made)
    assert found == UNASKABLE if shop.vendor.by_own_id else isinstance(found, known)
    assert (kind in CARRIED_OUT) == bool(await shop.rows())


@pytest.mark.parametrize("kind", SPOILT)
async def test_a_spoilt_question_says_nothing(shop: Shop, kind: str) -> None:
    """Neither that the order failed nor that it is absent."""
    made = order()
    await shop.send(made)
    await shop.book.arm(shop.dialect.name, kind)
    assert isinstance(await shop.ask(made), Unknown | TryLater)


@pytest.mark.parametrize("kind", SPOILT)
async def test_whatever_goes_wrong_before_the_order_is_certain(shop: Shop, kind: str) -> None:
    """A call that orders nothing and fails: try later. Unknown only where it was the order."""
    await shop.book.arm(shop.dialect.name, kind, count=1)
    sent = await shop.send(order())
    assert isinstance(sent, Unknown | TryLater)
    assert isinstance(sent, Unknown) or [] == await shop.rows()


async def test_a_call_whose_answer_is_lost_is_made_once(shop: Shop) -> None:
    """No library repeats a call behind our back, not even one that only reads."""
    made = order()
    await shop.send(made)
    await shop.book.arm(shop.dialect.name, "drop_before")
    await shop.ask(made)
    assert 1 == await shop.fired()
    await shop.book.call("DELETE", "/admin/faults")
    await shop.book.arm(shop.dialect.name, "drop_before", path=shop.dialect.order)
    await shop.send(order())
    assert 1 == await shop.fired()


async def test_an_empty_wallet_is_held(shop: Shop) -> None:
    """An operator must act, and nothing was carried out."""
    await shop.book.arm(shop.dialect.name, "empty_wallet")
    assert isinstance(await shop.send(order()), Held)
    assert [] == await shop.rows()


async def test_wrong_credentials_are_held(
    dialect: Dialect, book: Client, hears: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mending the settings is for a person; nothing was ordered by any of the wrong words."""
    for secret in dialect.log_in or dialect.secrets:
        wrong = {secret: "wrong"}
        async with adapter(dialect, book.url, hears, monkeypatch, **wrong) as opened:
            assert isinstance(await Shop(opened, dialect, book).send(order()), Held)
            assert not opened.by_network or isinstance(await opened.check(phone()), Held)
    assert [] == (await book.book())["airtime"]["transactions"]


async def test_an_invalid_number_is_final(shop: Shop) -> None:
    """A number that the vendor does not serve."""
    outcome = await shop.send(order(), "+15005550001")
    assert isinstance(outcome, Rejected)
    assert not outcome.retriable


async def test_a_number_that_nobody_has_is_refused_before_any_order(shop: Shop) -> None:
    """By the look-up where there is one, and by the order: final, and about the number alone."""
    words = [await shop.vendor.check(phone("08"))] if looks(shop.vendor) else []
    for word in (*words, await shop.send(order(), phone("08"))):
        assert isinstance(word, Rejected)
        assert not word.retriable
        assert {word.code, word.code.lower()} & shop.vendor.wrong_numbers
    assert [] == await shop.rows()


async def served(vendor: Airtime, number: str) -> Offer | Refusal:
    """What a number gets, by the vendor's catalogue and its look-up."""
    catalogue = Catalogue(vendor)
    await catalogue.look()
    return await catalogue.serve(number, catalogue.offers)


async def bought(shop: Shop, number: str) -> Order:
    """An order of what the number gets."""
    offer = await served(shop.vendor, number)
    assert isinstance(offer, Offer)
    made = replace(order(), product=offer.product)
    await shop.send(made, number)
    return made


@pytest.mark.parametrize("number", [*NETWORKS, PORTED])
async def test_a_number_gets_the_product_of_its_network(shop: Shop, number: str) -> None:
    """Whichever that is, also one that it was ported to: looked up, then ordered and paid."""
    made = await bought(shop, number)
    assert isinstance(await shop.settled(made), Done)
    assert [made.product] == [str(row["product_id"]) for row in await shop.rows()]


async def test_each_network_has_a_product_of_its_own(shop: Shop) -> None:
    """Where a product is of one network; elsewhere all get the same."""
    got = {str(await served(shop.vendor, number)) for number in NETWORKS}
    assert (3 if shop.vendor.by_network else 1) == len(got)


async def test_a_product_of_another_network_is_refused(shop: Shop) -> None:
    """Nothing is paid; a new order may do better, and the number is not to blame."""
    for product in list(shop.vendor.products)[1:]:
        made = replace(order(), product=product)
        sent = await shop.send(made)
        word = await shop.settled(made) if isinstance(sent, Accepted) else sent
        assert isinstance(word, Rejected)
        assert word.retriable
        assert word.code not in shop.vendor.wrong_numbers
    assert 0 == await shop.paid_count()


async def test_a_number_ported_a_moment_ago_is_looked_up_again(shop: Shop) -> None:
    """The vendor has not heard yet, so the order is refused; the next one is right."""
    await shop.book.arm(shop.dialect.name, "stale_look_up", count=1)
    first = await bought(shop, PORTED)
    if shop.vendor.by_network:
        sent = shop.told[first.order_id]
        word = await shop.settled(first) if isinstance(sent, Accepted) else sent
        assert isinstance(word, Rejected)
        first = await bought(shop, PORTED)
    assert isinstance(await shop.settled(first), Done)
    assert 1 == await shop.paid_count()


async def test_a_network_for_which_nothing_is_sold_is_told(
    dialect: Dialect, book: Client, hears: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One product of three is configured: the numbers of the other networks get none, for sure."""
    products = dialect.values["products"].partition("/")[0]
    async with adapter(dialect, book.url, hears, monkeypatch, products=products) as opened:
        got = [await served(opened, number) for number in (*NETWORKS, PORTED)]
    unsold = [False, *[opened.by_network] * 3]
    assert unsold == [one == UNSOLD for one in got]
    assert unsold == [not isinstance(one, Offer) for one in got]


@pytest.mark.parametrize("kind", SPOILT)
async def test_a_spoilt_look_up_refuses_nobody(shop: Shop, kind: str) -> None:
    """A fault of theirs, or a lost answer, speaks against no number; once it is over, they tell."""
    await shop.book.arm(shop.dialect.name, kind)
    word = await shop.vendor.check(phone("08"))
    assert word is None or isinstance(word, TryLater | Unknown)
    if looks(shop.vendor) and kind in ("drop_before", "drop_answer", "http_500_before"):
        assert isinstance(word, TryLater)
    await shop.book.call("DELETE", "/admin/faults")
    assert looks(shop.vendor) == isinstance(await shop.vendor.check(phone("08")), Rejected)


async def test_a_slow_look_up_is_made_again(
    dialect: Dialect, book: Client, hears: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not answer in time: later, and nothing is claimed of the number."""
    await book.arm(dialect.name, "delay", delay_s=600)
    async with adapter(dialect, book.url, hears, monkeypatch, 0.2) as opened:
        word = await opened.check(phone("08"))
    assert looks(opened) == isinstance(word, TryLater)


def looks(vendor: Airtime) -> bool:
    """Whether it has a look-up of numbers."""
    return type(vendor).check is not Airtime.check


async def test_a_refused_connection_proves_that_nothing_left(
    shop: Shop, sandbox: SandboxProcess
) -> None:
    """Nobody listens: try later, order and question alike."""
    made = order()
    await shop.send(made)
    sandbox.stop()
    try:
        assert isinstance(await shop.send(order()), TryLater)
        assert isinstance(await shop.ask(made), TryLater)
    finally:
        sandbox.start()


async def test_a_payment_taken_back_late_is_noticed(shop: Shop) -> None:
    """Paid, and heard of; then the vendor reverses it: asked again, it says so."""
    await shop.book.arm(shop.dialect.name, "late_reversal", count=1, delay_s=0)
    made = order()
    await shop.send(made)
    await eventually(lambda: status(shop), "REVERSED")
    assert isinstance(await shop.ask(made, paid=True), Reversed)


async def status(shop: Shop) -> str:
    """What the vendor's book says of its last order."""
    return str((await shop.rows())[-1]["status"])


def test_a_report_is_read_for_its_order_only(dialect: Dialect, vendor: Airtime) -> None:
    """The order's id out of the vendor's own form, or a refusal that quotes nothing."""
    assert ["abcdefgh"] == vendor.read_report(body_of(dialect.customer.report("abcdefgh")))
    number = body_of(dialect.customer.report("+8613800004488"))
    for malformed in (b"", b"\xff\x00", b"{", b"[1]", b"a=b", number):
        with pytest.raises(NotAReport) as caught:
            vendor.read_report(malformed)
        assert "13800004488" not in str(caught.value)


async def test_reports_come_as_the_vendor_sends_them(shop: Shop, inbox: Inbox) -> None:
    """Of our order, twice and late: each is signed where the vendor signs, and only a hint."""
    for kind in ("duplicate_callback", "reorder_callbacks"):
        await shop.book.arm(shop.dialect.name, kind, delay_s=1)
    made = order()
    accepted = await shop.send(made)
    known = accepted.ref if shop.vendor.by_own_id else made.order_id  # type: ignore[union-attr]
    for _ in range(2):
        posted = await inbox.next_posted()
        assert shop.vendor.has_signed(posted.body, posted.headers)
        assert [known] == shop.vendor.read_report(posted.body)


async def test_a_forged_report_is_not_signed(shop: Shop, inbox: Inbox) -> None:
    """Whoever cannot sign is refused by a vendor who signs; otherwise it is asked about at most."""
    await shop.book.arm(shop.dialect.name, "forged_callback", count=1)
    await shop.send(order())
    forged, true = await inbox.next_posted(), await inbox.next_posted()
    assert forged.body != true.body
    assert shop.dialect.signs != shop.vendor.has_signed(forged.body, forged.headers)
    assert shop.vendor.has_signed(true.body, true.headers)
    assert shop.dialect.signs != shop.vendor.has_signed(true.body + b" ", true.headers)


async def test_the_statement_is_read(shop: Shop) -> None:
    """What the vendor paid that day, as it writes it: our id, its own, product and amount."""
    made = order()
    accepted = await shop.send(made)
    await shop.settled(made)
    raw = await export(shop)
    statement = ADAPTERS[shop.dialect.name].read_statement(raw, None)
    [row] = [row for row in statement.rows if row.order_id == made.order_id]
    wanted = ("paid", accepted.ref, shop.twenty, 2000)  # type: ignore[union-attr]
    assert wanted == (row.outcome, row.vendor_ref, row.product, row.amount_fen)
    assert statement.day == row.at.date()


async def test_a_statement_is_handed_out_or_it_is_said_that_none_is(shop: Shop) -> None:
    """As read by the adapter: what was paid that day, nothing of the day before; or nothing."""
    made = order()
    accepted = await shop.send(made)
    await shop.settled(made)
    today = datetime.strptime(china_text((await shop.rows())[-1]["paid_at"])[:10], "%Y-%m-%d")
    day, before = today.date(), today.date() - timedelta(days=1)
    raw = await shop.vendor.fetch_statement(before)
    assert shop.vendor.hands_out == (raw is not None)
    if raw is not None:
        assert () == ADAPTERS[shop.dialect.name].read_statement(raw, before).rows
    # Some close a day only once it is over.
    if raw := await shop.vendor.fetch_statement(day):
        [row] = ADAPTERS[shop.dialect.name].read_statement(raw, day).rows
        told = (row.order_id, row.outcome, row.vendor_ref, row.amount_fen)
        assert (made.order_id, "paid", accepted.ref, 2000) == told  # type: ignore[union-attr]


async def test_a_statement_with_a_broken_row_is_not_read(shop: Shop) -> None:
    """The row is named; nothing else is taken from it."""
    made = order()
    await shop.send(made)
    await shop.settled(made)
    head, _, row = (await export(shop)).splitlines()[:3]
    broken = b"\r\n".join((head, row, row.replace(b"20.00", b"much"), b""))
    with pytest.raises(NotAStatement) as caught:
        ADAPTERS[shop.dialect.name].read_statement(broken, None)
    assert [3] == [line for line, _ in caught.value.faults]
    assert "138" not in str(caught.value)


async def export(shop: Shop) -> bytes:
    """The statement of the day on which the last order was paid, as it is downloaded."""
    day = china_text((await shop.rows())[-1]["paid_at"])[:10]
    path = f"/admin/statement?vendor={shop.dialect.name}&day={day}"
    async with ClientSession() as session, session.get(f"{shop.book.url}{path}") as response:
        return await response.read()


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
