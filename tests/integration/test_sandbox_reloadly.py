"""The Reloadly dialect, against a real sandbox process."""

import asyncio
import contextlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import secret
from deploy.sandbox.dialects.reloadly import customer
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text

PHONE, DECLINED = "+8613800000088", "+8613800000003"
NOBODYS, PORTED = "+8613800000008", "+8613800000009"
REPORT = "/topups/reports/transactions"


async def report(client: Client, **asked: object) -> list[dict[str, Any]]:
    """A page of the report."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    status, told = await customer.call(client, "GET", f"{REPORT}?{query}")
    assert 200 == status, told
    return list(told["content"])


async def test_an_order_is_under_way_and_then_successful(client: Client) -> None:
    """By its own id and by ours; the book has paid 2000 fen once."""
    status, made = await customer.order(client, "one", PHONE)
    assert 200 == status
    await client.settled("one")
    _, told = await customer.call(client, "GET", f"/topups/{made['transactionId']}/status")
    (row,) = await report(client, customIdentifier="one")
    assert "SUCCESSFUL" == told["status"] == row["status"]
    assert (20, "CNY", 441) == (
        row["deliveredAmount"], row["deliveredAmountCurrencyCode"], row["operatorId"],
    )  # fmt: skip
    airtime = (await client.book(vendor="reloadly"))["airtime"]
    assert (1, {"CNY": 2000}) == (airtime["paid_count"], airtime["sum_fen"])


async def test_a_declined_order_says_why(client: Client) -> None:
    """FAILED with the operator's reason; nothing is paid."""
    _, made = await customer.order(client, "no", DECLINED)
    await client.settled("no")
    _, told = await customer.call(client, "GET", f"/topups/{made['transactionId']}/status")
    assert ("FAILED", "TRANSACTION_REJECTED_BY_OPERATOR") == (told["status"], told["code"])
    assert 0 == (await client.book())["airtime"]["paid_count"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"operatorId": 1}, "OPERATOR_NOT_FOUND"), ({"amount": 0}, "INVALID_INPUT_PROVIDED"),
        ({"useLocalAmount": False}, "INVALID_INPUT_PROVIDED"),
        ({"customIdentifier": ""}, "INVALID_INPUT_PROVIDED"),
        ({"recipientPhone": {"countryCode": "SG", "number": "6595123100"}},
         "COUNTRY_NOT_SUPPORTED"),
        ({"recipientPhone": {"countryCode": "CN", "number": "123"}}, "INVALID_RECIPIENT_PHONE"),
        ({"recipientPhone": None}, "INVALID_INPUT_PROVIDED"),
    ],
)  # fmt: skip
async def test_a_bad_order_gets_the_vendors_code(
    client: Client, fields: dict[str, Any], code: str
) -> None:
    """And leaves no trace in the book."""
    status, told = await customer.order(client, "bad", PHONE, **fields)
    assert (code, True) == (told["errorCode"], status in (400, 404))
    assert [] == (await client.book())["airtime"]["transactions"]


async def detected(client: Client, number: str, country: str = "CN") -> tuple[int, Any]:
    """Whose a number is."""
    path = f"/operators/auto-detect/phone/{number}/countries/{country}"
    return await customer.call(client, "GET", path)


@pytest.mark.parametrize(
    ("number", "own"),
    [
        (PHONE, (441, "China Mobile")), ("8618900000088", (443, "China Telecom")),
        ("13000000088", (442, "China Unicom")), (PORTED, (442, "China Unicom")),
    ],
)  # fmt: skip
async def test_it_detects_whose_a_number_is(
    client: Client, number: str, own: tuple[int, str]
) -> None:
    """The network that has it now, which after a move is not that of its prefix."""
    status, found = await detected(client, number)
    assert (200, own) == (status, (found["operatorId"], found["name"]))


@pytest.mark.parametrize(
    ("number", "country", "code"),
    [
        (NOBODYS, "CN", "COULD_NOT_AUTO_DETECT_OPERATOR"),
        ("nonsense", "CN", "COULD_NOT_AUTO_DETECT_OPERATOR"),
        (PHONE, "SG", "COUNTRY_NOT_SUPPORTED"),
    ],
)
async def test_a_number_that_nobody_has_is_refused(
    client: Client, number: str, country: str, code: str
) -> None:
    """By the detection, and by the order in its own word; the book knows nothing of it."""
    _, told = await detected(client, number, country)
    assert code == told["errorCode"]
    _, told = await customer.order(client, "nobodys", NOBODYS)
    assert "INVALID_RECIPIENT_PHONE" == told["errorCode"]
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_an_operator_takes_its_own_numbers_only(client: Client) -> None:
    """Those that it has now, whatever their prefix; others are refused at once."""
    _, told = await customer.order(client, "other", PHONE, operatorId=442)
    assert "OPERATOR_AND_RECIPIENT_PHONE_MISMATCH" == told["errorCode"]
    status, _ = await customer.order(client, "own", PORTED, operatorId=442)
    assert 200 == status
    await client.settled("own")
    assert 1 == (await client.book())["airtime"]["paid_count"]


@pytest.mark.parametrize("kind", ["http_500_before", "http_500_after", "garbage", "truncated"])
async def test_a_detection_misbehaves_on_demand(client: Client, kind: str) -> None:
    """Once, and nothing else does meanwhile: neither the token nor an operator."""
    await client.arm("reloadly", kind, count=1, path="/auto-detect/")
    assert 200 == (await customer.call(client, "GET", "/operators/441"))[0]
    with contextlib.suppress(ClientError, ValueError):
        assert 500 == (await detected(client, PHONE))[0]
    assert 200 == (await detected(client, PHONE))[0]


async def test_an_identifier_is_taken_once(client: Client) -> None:
    """Ten after one another's first byte are one order."""
    told = await asyncio.gather(*(customer.order(client, "same", PHONE) for _ in range(10)))
    codes = [body.get("errorCode") for _, body in told]
    assert (1, 9) == (codes.count(None), codes.count("CUSTOM_IDENTIFIER_ALREADY_USED"))
    await client.settled("same")
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_who_has_no_token_is_told_nothing(client: Client, tmp_path: Path) -> None:
    """A wrong log-in, no token, a forged one, one that has run out."""
    status, told = await customer.token(client, client_secret="wrong")
    assert (401, "INVALID_CREDENTIALS") == (status, told["errorCode"])
    for header in ("", "Bearer x", "Basic x"):
        status, told = await client.call(
            "GET", f"/reloadly{REPORT}", headers={"Authorization": header}
        )
        assert (401, "INVALID_TOKEN") == (status, told["errorCode"])
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, {"--reloadly-token-seconds": "0.000001"}) as process:
            _, told = await customer.order(Client(session, process.url), "late", PHONE)
    assert "TOKEN_EXPIRED" == told["errorCode"]


async def test_a_day_is_reported_page_by_page(client: Client) -> None:
    """The newest first, also what failed; nothing of the day before, and no filter is ignored."""
    for own, phone in (("first", PHONE), ("second", DECLINED), ("third", PHONE)):
        await customer.order(client, own, phone)
        await client.settled(own)
    rows = (await client.book(vendor="reloadly"))["airtime"]["transactions"]
    day = china_text(rows[0]["created_at"])[:10] if "created_at" in rows[0] else ""
    asked = {"startDate": f"{day} 00:00:00", "endDate": f"{day} 23:59:59"} if day else {}
    pages = [await report(client, **asked, page=page, size=2) for page in (1, 2, 3)]
    assert [["third", "second"], ["first"], []] == [
        [row["customIdentifier"] for row in page] for page in pages
    ]
    before = {"startDate": "2020-01-01 00:00:00", "endDate": "2020-01-01 23:59:59"}
    assert [] == await report(client, **before)
    for wrong in ("startDate=soon", "page=0", "size=1000", "colour=red"):
        status, told = await customer.call(client, "GET", f"{REPORT}?{wrong}")
        assert (400, "INVALID_INPUT_PROVIDED") == (status, told["errorCode"])


async def test_the_wallet_runs_dry(tmp_path: Path) -> None:
    """The second order of 20 out of 30 is refused, and its identifier stays free."""
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, {"--reloadly-wallet-fen": "3000"}) as process:
            poor = Client(session, process.url)
            assert 200 == (await customer.order(poor, "first", PHONE))[0]
            _, told = await customer.order(poor, "second", PHONE)
            assert "INSUFFICIENT_BALANCE" == told["errorCode"]
            assert [] == await report(poor, customIdentifier="second")


async def test_a_webhook_is_signed(tmp_path: Path) -> None:
    """Over the body, a colon and the time in its header."""
    async with Inbox() as inbox, ClientSession() as session:
        with SandboxProcess(tmp_path, {"--reloadly-report-url": inbox.url}) as process:
            await customer.order(Client(session, process.url), "told", PHONE)
            posted = await inbox.next_posted()
    at = posted.headers["X-Reloadly-Request-Timestamp"].encode()
    key = secret(SEED, "reloadly", "webhook_secret").encode()
    wanted = hmac.new(key, posted.body + b":" + at, "sha256").hexdigest()
    assert wanted == posted.headers["X-Reloadly-Signature"]
    told = json.loads(posted.body)["data"]
    assert ("told", "SUCCESSFUL") == (told["customIdentifier"], told["status"])


@pytest.mark.parametrize("kind", ["drop_answer", "http_500_after", "garbage", "truncated"])
async def test_it_misbehaves_on_demand(client: Client, kind: str) -> None:
    """The answer is spoilt once, and the order is carried out all the same."""
    await client.arm("reloadly", kind, count=1, path="/topups-async")
    with contextlib.suppress(ClientError, ValueError):
        assert 500 == (await customer.order(client, "spoilt", PHONE))[0]
    assert "COMPLETED" == (await client.settled("spoilt"))["status"]
