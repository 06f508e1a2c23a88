"""The DT One dialect, against a real sandbox process."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, encode_basic_auth

from deploy.sandbox.customer import PATIENCE_SECONDS, Client
from deploy.sandbox.dialects.dtone import customer
from deploy.sandbox.dialects.dtone.customer import KEY
from deploy.sandbox.testing import Inbox, SandboxProcess

PHONE, NOBODYS, PORTED = "+8613800000088", "+8613800000008", "+8613800000009"
FINAL_CLASSES = {7, 8, 9}


async def settled(client: Client, reference: str) -> dict[str, Any]:
    """The transaction, as a query shows it, once its state is final."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            _, found = await customer.call(client, "GET", f"/transactions?external_id={reference}")
            if found and found[0]["status"]["class"]["id"] in FINAL_CLASSES:
                return dict(found[0])
            await asyncio.sleep(0.01)


async def test_an_order_is_confirmed_and_then_completed(client: Client) -> None:
    """An order is answered CONFIRMED, settles as COMPLETED, and the book shows 2000 fen once."""
    status, order = await customer.order(client, "reward-1-1", PHONE)
    assert 201 == status
    assert {"id": 2, "message": "CONFIRMED"} == order["status"]["class"]
    found = await settled(client, "reward-1-1")
    assert order["id"] == found["id"]
    assert {"id": 7, "message": "COMPLETED"} == found["status"]["class"]
    assert {"mobile_number": PHONE} == found["credit_party_identifier"]
    assert 6020 == found["product"]["id"]
    assert 20 == found["benefits"][0]["amount"]["base"]
    airtime = (await client.book(vendor="dtone"))["airtime"]
    assert (1, {"CNY": 2000}) == (airtime["paid_count"], airtime["sum_fen"])
    assert {"13800000088": {"paid_count": 1, "sum_fen": 2000}} == airtime["by_number"]


@pytest.mark.parametrize(
    ("ending", "wanted"),
    [
        ("00", "COMPLETED"),
        ("01", "COMPLETED"),
        ("02", "DECLINED-INVALID-CREDIT-PARTY"),
        ("03", "DECLINED-BARRED-CREDIT-PARTY"),
        ("04", "DECLINED-OPERATOR-CURRENTLY-UNAVAILABLE"),
        ("05", "DECLINED-DUPLICATED-TRANSACTION"),
        ("06", "DECLINED"),
        ("07", "DECLINED-EXCEPTION"),
        ("99", "COMPLETED"),
    ],
)
async def test_the_last_two_digits_decide(client: Client, ending: str, wanted: str) -> None:
    """Each ending gives its documented status, and only a completed one is paid."""
    await customer.order(client, "by-digits", f"+86138000000{ending}")
    assert wanted == (await settled(client, "by-digits"))["status"]["message"]
    paid = (await client.book())["airtime"]["paid_count"]
    assert (1 if wanted == "COMPLETED" else 0) == paid


async def test_the_hundreds_digit_delays(client: Client) -> None:
    """A number with hundreds digit 3 is still open when a later ordinary one is completed."""
    await customer.order(client, "slow", "+8613800000388")
    await customer.order(client, "quick", PHONE)
    await settled(client, "quick")
    _, found = await customer.call(client, "GET", "/transactions?external_id=slow")
    assert found[0]["status"]["class"]["id"] in (2, 5)


async def test_products_are_those_of_the_account(client: Client) -> None:
    """What the customer may buy, with its amount in yuan; nothing else is told from nothing."""
    status, product = await customer.call(client, "GET", "/products/6020")
    assert (200, 6020, "FIXED_VALUE_RECHARGE") == (status, product["id"], product["type"])
    assert {"unit_type": "CURRENCY", "unit": "CNY", "amount": 20} == product["destination"]
    assert (404, 1003001) == await refused(client, "/products/1")
    assert (404, 1000404) == await refused(client, "/products/none")


@pytest.mark.parametrize(
    ("number", "own"),
    [(PHONE, "China Mobile"), ("+8613000000088", "China Unicom"), (PORTED, "China Unicom")],
)
async def test_a_look_up_names_whose_a_number_is(client: Client, number: str, own: str) -> None:
    """The network that has it now, which after a move is not that of its prefix."""
    status, found = await customer.call(client, "GET", f"/lookup/mobile-number/{number}")
    assert (200, [own]) == (status, [one["name"] for one in found if one["identified"]])


async def test_a_product_is_one_networks(client: Client) -> None:
    """Its operator is the one that a look-up names, and declines the numbers of others."""
    _, product = await customer.call(client, "GET", "/products/6021")
    _, found = await customer.call(client, "GET", f"/lookup/mobile-number/{PORTED}")
    assert "China Unicom" == product["operator"]["name"]
    own = {one["id"]: one["identified"] for one in found}
    assert {6001: False, product["operator"]["id"]: True} == own
    for name, number, wanted in (
        ("own", PORTED, "COMPLETED"), ("other", PHONE, "DECLINED-INELIGIBLE-CREDIT-PARTY"),
    ):  # fmt: skip
        await customer.order(client, name, number, product_id=6021)
        assert wanted == (await settled(client, name))["status"]["message"]
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_a_look_up_may_be_behind(client: Client) -> None:
    """On demand it names the network of the prefix, once."""
    await client.arm("dtone", "stale_look_up", count=1)
    names = []
    for _ in range(2):
        _, found = await customer.call(client, "GET", f"/lookup/mobile-number/{PORTED}")
        names += [one["name"] for one in found if one["identified"]]
    assert ["China Mobile", "China Unicom"] == names


@pytest.mark.parametrize("number", [NOBODYS, "+6595123100", "nonsense"])
async def test_a_number_that_nobody_has_is_refused(client: Client, number: str) -> None:
    """By the look-up and by the order, in the same words; the book knows nothing of it."""
    assert (400, 1005003) == await refused(client, f"/lookup/mobile-number/{number}")
    _, body = await customer.order(client, "nobodys", number)
    assert 1005003 == body["errors"][0]["code"]
    assert [] == (await client.book())["airtime"]["transactions"]


@pytest.mark.parametrize("kind", ["http_500_before", "http_500_after", "garbage", "truncated"])
async def test_a_look_up_misbehaves_on_demand(client: Client, kind: str) -> None:
    """Once, and nothing else does meanwhile."""
    await client.arm("dtone", kind, count=1, path="/lookup/")
    assert 200 == (await customer.call(client, "GET", "/products/6020"))[0]
    path = f"/lookup/mobile-number/{PHONE}"
    with contextlib.suppress(ClientError, ValueError):
        assert 500 == (await customer.call(client, "GET", path))[0]
    assert 200 == (await customer.call(client, "GET", path))[0]


async def refused(client: Client, path: str) -> tuple[int, int]:
    """Status and code of a refusal."""
    status, body = await customer.call(client, "GET", path)
    return status, body["errors"][0]["code"]


async def test_an_external_id_is_taken_once(client: Client) -> None:
    """Forty orders at once under one id make one transaction; the others get 1007001."""
    answers = await asyncio.gather(*(customer.order(client, "same", PHONE) for _ in range(40)))
    assert [201] + [400] * 39 == sorted(status for status, _ in answers)
    codes = {body["errors"][0]["code"] for status, body in answers if status == 400}
    assert {1007001} == codes
    await settled(client, "same")
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_a_used_external_id_wins_over_every_other_error(client: Client) -> None:
    """A repeated id is called used even with a wrong product, so the caller will query."""
    await customer.order(client, "used", "+8613800000006")
    _, body = await customer.order(client, "used", "nonsense", product_id=1)
    assert 1007001 == body["errors"][0]["code"]


@pytest.mark.parametrize(
    ("fields", "wanted_status", "wanted_code", "mention"),
    [
        ({"product_id": 1}, 404, 1003001, "Product"),
        ({"credit_party_identifier": {"mobile_number": "+861380000"}}, 400, 1005003, "number"),
        ({"credit_party_identifier": {"mobile_number": "+6595123100"}}, 400, 1005003, "number"),
        ({"external_id": ""}, 400, 1000400, "external_id"),
        ({"auto_confirm": False}, 400, 1000400, "auto_confirm"),
        ({"external_id": "x" * 41}, 400, 1000400, "external_id"),
        ({"credit_party_identifier": {}}, 400, 1000400, "mobile_number"),
        ({"callback_url": "not a url"}, 400, 1000400, "callback_url"),
    ],
)
async def test_a_bad_order_gets_the_vendors_code(
    client: Client, fields: dict[str, object], wanted_status: int, wanted_code: int, mention: str
) -> None:
    """A bad order is refused with its documented code, and leaves no trace in the book."""
    status, body = await customer.order(
        client,
        **{"reference": "bad", "phone": PHONE} | fields,  # type: ignore[arg-type]
    )
    assert (wanted_status, wanted_code) == (status, body["errors"][0]["code"])
    assert mention in body["errors"][0]["message"]
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_other_refusals_have_the_vendors_form(client: Client) -> None:
    """Wrong key, unknown ids, paths, methods and filters all answer with an errors list."""
    wrong = {"Authorization": encode_basic_auth(KEY, "wrong")}
    asked = [
        await client.call("GET", "/dtone/v1/transactions", headers=wrong),
        await customer.call(client, "GET", "/nothing"),
        await customer.call(client, "DELETE", "/transactions"),
        await customer.call(client, "GET", "/transactions?colour=red"),
        await customer.call(client, "POST", "/async/transactions", data=b"{"),
    ]
    wanted = [(401, 1000401), (404, 1000404), (405, 1000405), (400, 1000400), (400, 1000400)]
    assert wanted == [(status, body["errors"][0]["code"]) for status, body in asked]


async def test_the_wallet_runs_dry(tmp_path: Path) -> None:
    """With 30 yuan in the wallet the second order of 20 is refused and its id stays free."""
    options = {"--dtone-wallet-fen": "3000"}
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, options) as process:
            poor = Client(session, process.url)
            assert 201 == (await customer.order(poor, "first", PHONE))[0]
            assert 1006001 == (await customer.order(poor, "second", PHONE))[1]["errors"][0]["code"]
            assert (200, []) == await customer.call(poor, "GET", "/transactions?external_id=second")
            await settled(poor, "first")
            assert 1 == (await poor.book())["airtime"]["paid_count"]


async def test_a_callback_is_repeated_until_it_is_taken(client: Client) -> None:
    """The final state is posted as a transaction, and posted again after an error."""
    async with Inbox() as inbox:
        inbox.answers = [(500, {}), (302, {})]
        await customer.order(client, "told", PHONE, callback_url=inbox.url)
        bodies = [await inbox.next() for _ in range(3)]
        assert [await settled(client, "told")] * 3 == bodies


async def test_a_declined_order_is_told_too(client: Client) -> None:
    """DECLINED is final, so it is called back."""
    async with Inbox() as inbox:
        await customer.order(client, "declined", "+8613800000006", callback_url=inbox.url)
        assert "DECLINED" == (await inbox.next())["status"]["class"]["message"]
