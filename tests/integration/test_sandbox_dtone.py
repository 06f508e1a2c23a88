"""The DT One dialect, against a real sandbox process."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession, encode_basic_auth

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import Inbox, SandboxProcess

PHONE = "+8613800000088"


async def test_an_order_is_confirmed_and_then_completed(client: Client) -> None:
    """An order is answered CONFIRMED, settles as COMPLETED, and the book shows 2000 fen once."""
    status, order = await client.order("reward-1-1", PHONE)
    assert 201 == status
    assert {"id": 2, "message": "CONFIRMED"} == order["status"]["class"]
    settled = await client.settled("reward-1-1")
    assert order["id"] == settled["id"]
    assert {"id": 7, "message": "COMPLETED"} == settled["status"]["class"]
    assert {"mobile_number": PHONE} == settled["credit_party_identifier"]
    assert 6020 == settled["product"]["id"]
    assert 20 == settled["benefits"][0]["amount"]["base"]
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
    await client.order("by-digits", f"+86138000000{ending}")
    settled = await client.settled("by-digits")
    assert wanted == settled["status"]["message"]
    paid = (await client.book())["airtime"]["paid_count"]
    assert (1 if wanted == "COMPLETED" else 0) == paid


async def test_the_hundreds_digit_delays(client: Client) -> None:
    """A number with hundreds digit 3 is still open when a later ordinary one is completed."""
    await client.order("slow", "+8613800000388")
    await client.order("quick", PHONE)
    await client.settled("quick")
    _, found = await client.dtone("GET", "/transactions?external_id=slow")
    assert found[0]["status"]["class"]["id"] in (2, 5)


async def test_an_external_id_is_taken_once(client: Client) -> None:
    """Forty orders at once under one id make one transaction; the others get 1007001."""
    answers = await asyncio.gather(*(client.order("same", PHONE) for _ in range(40)))
    assert [201] + [400] * 39 == sorted(status for status, _ in answers)
    codes = {body["errors"][0]["code"] for status, body in answers if status == 400}
    assert {1007001} == codes
    await client.settled("same")
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_a_used_external_id_wins_over_every_other_error(client: Client) -> None:
    """A repeated id is called used even with a wrong product, so the caller will query."""
    await client.order("used", "+8613800000006")
    _, body = await client.order("used", "nonsense", product_id=1)
    assert 1007001 == body["errors"][0]["code"]


@pytest.mark.parametrize(
    ("fields", "wanted_status", "wanted_code", "mention"),
    [
        ({"product_id": 1}, 404, 1003001, "Product"),
        ({"credit_party_identifier": {"mobile_number": "+861380000"}}, 400, 1005003, "number"),
        ({"credit_party_identifier": {"mobile_number": "+6595123100"}}, 400, 1005003, "number"),
        ({"external_id": ""}, 400, 1000400, "external_id"),
        ({"external_id": "x" * 41}, 400, 1000400, "external_id"),
        ({"credit_party_identifier": {}}, 400, 1000400, "mobile_number"),
        ({"callback_url": "not a url"}, 400, 1000400, "callback_url"),
    ],
)
async def test_a_bad_order_gets_the_vendors_code(
    client: Client, fields: dict[str, object], wanted_status: int, wanted_code: int, mention: str
) -> None:
    """A bad order is refused with its documented code, and leaves no trace in the book."""
    status, body = await client.order(
        **{"external_id": "bad", "phone": PHONE} | fields,  # type: ignore[arg-type]
    )
    assert (wanted_status, wanted_code) == (status, body["errors"][0]["code"])
    assert mention in body["errors"][0]["message"]
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_other_refusals_have_the_vendors_form(client: Client) -> None:
    """Wrong key, unknown ids, paths, methods and filters all answer with an errors list."""
    wrong = {"Authorization": encode_basic_auth("test-key", "wrong")}
    asked = [
        await client.call("GET", "/dtone/v1/balances", headers=wrong),
        await client.dtone("GET", "/transactions/123"),
        await client.dtone("GET", "/transactions/abc"),
        await client.dtone("GET", "/products/1"),
        await client.dtone("GET", "/nothing"),
        await client.dtone("DELETE", "/balances"),
        await client.dtone("GET", "/transactions?colour=red"),
        await client.dtone("GET", "/transactions?per_page=101"),
        await client.dtone("GET", "/lookup/mobile-number/+123"),
        await client.dtone("POST", "/async/transactions", data=b"{"),
    ]
    wanted = [
        (401, 1000401),
        (404, 1008004),
        (404, 1008004),
        (404, 1003001),
        (404, 1000404),
        (405, 1000405),
        (400, 1000400),
        (400, 1000400),
        (400, 1005003),
        (400, 1000400),
    ]
    assert wanted == [(status, body["errors"][0]["code"]) for status, body in asked]


async def test_an_order_without_auto_confirm_waits(client: Client) -> None:
    """A created order holds money, is paid after confirm, and neither can be done twice."""
    _, order = await client.order("two-steps", PHONE, auto_confirm=False)
    assert 1 == order["status"]["class"]["id"]
    assert 20 == (await client.dtone("GET", "/balances"))[1][0]["holding"]
    confirm, cancel = (
        f"/async/transactions/{order['id']}/confirm",
        f"/transactions/{order['id']}/cancel",
    )
    assert 202 == (await client.dtone("POST", confirm))[0]
    assert 1007002 == (await client.dtone("POST", confirm))[1]["errors"][0]["code"]
    assert 1007007 == (await client.dtone("POST", cancel))[1]["errors"][0]["code"]
    assert "COMPLETED" == (await client.settled("two-steps"))["status"]["message"]


async def test_a_created_order_can_be_cancelled(client: Client) -> None:
    """A cancelled order gives its money back and can be neither confirmed nor cancelled again."""
    _, order = await client.order("cancelled", PHONE, auto_confirm=False)
    confirm, cancel = (
        f"/async/transactions/{order['id']}/confirm",
        f"/transactions/{order['id']}/cancel",
    )
    assert "CANCELLED" == (await client.dtone("POST", cancel))[1]["status"]["message"]
    assert 1007005 == (await client.dtone("POST", cancel))[1]["errors"][0]["code"]
    assert 1007005 == (await client.dtone("POST", confirm))[1]["errors"][0]["code"]
    assert 0 == (await client.dtone("GET", "/balances"))[1][0]["holding"]


async def test_transactions_are_found_by_either_id(client: Client) -> None:
    """A query by the vendor's id and by ours finds the same; an unknown id finds an empty list."""
    _, order = await client.order("mine", PHONE)
    await client.settled("mine")
    _, by_id = await client.dtone("GET", f"/transactions/{order['id']}")
    _, by_external = await client.dtone("GET", "/transactions?external_id=mine")
    assert [by_id] == by_external
    assert (200, []) == await client.dtone("GET", "/transactions?external_id=other")


async def test_discovery(client: Client) -> None:
    """Products of 10, 20, 30 and 50 yuan are offered by the operator that a look-up names."""
    _, operators = await client.dtone("GET", f"/lookup/mobile-number/{PHONE}")
    assert [True] == [o["identified"] for o in operators]
    query = f"type=FIXED_VALUE_RECHARGE&operator_id={operators[0]['id']}"
    _, products = await client.dtone("GET", f"/products?{query}")
    assert [10, 20, 30, 50] == [p["destination"]["amount"] for p in products]
    assert (200, products[1]) == await client.dtone("GET", "/products/6020")
    assert (200, []) == await client.dtone("GET", "/products?operator_id=1")


async def test_the_wallet_runs_dry(tmp_path: Path) -> None:
    """With 30 yuan in the wallet the second order of 20 is refused and its id stays free."""
    options = {"--dtone-wallet-fen": "3000"}
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, options) as process:
            poor = Client(session, process.url)
            assert 201 == (await poor.order("first", PHONE))[0]
            assert 1006001 == (await poor.order("second", PHONE))[1]["errors"][0]["code"]
            assert (200, []) == await poor.dtone("GET", "/transactions?external_id=second")
            await poor.settled("first")
            balance = (await poor.dtone("GET", "/balances"))[1][0]
            assert (10, 0) == (balance["available"], balance["holding"])


async def test_a_callback_is_repeated_until_it_is_taken(client: Client) -> None:
    """The final state is posted as a transaction, and posted again after an error."""
    async with Inbox() as inbox:
        inbox.answers = [(500, {}), (302, {})]
        await client.order("told", PHONE, callback_url=inbox.url)
        bodies = [await inbox.next() for _ in range(3)]
        assert [await client.settled("told")] * 3 == bodies


async def test_a_declined_order_is_told_too(client: Client) -> None:
    """DECLINED is final, so it is called back."""
    async with Inbox() as inbox:
        await client.order("declined", "+8613800000006", callback_url=inbox.url)
        assert "DECLINED" == (await inbox.next())["status"]["class"]["message"]
