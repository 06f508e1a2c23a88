"""The Africa's Talking dialect, against a real sandbox process."""

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import ClientError, ClientSession

from deploy.sandbox.customer import Client
from deploy.sandbox.dialects.africastalking import customer
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text

PHONE, DECLINED = "+8613800000088", "+8613800000006"


async def found(client: Client, request_id: str) -> Any:
    """What is known of a transaction, by its own id."""
    path = f"/query/transaction/find?username=sandbox&transactionId={request_id}"
    return (await customer.call(client, "GET", path))[1]


async def sent(client: Client, reference: str, phone: str = PHONE) -> str:
    """An order; its request id."""
    status, told = await customer.order(client, reference, phone)
    assert (201, 1, "Sent") == (status, told["numSent"], told["responses"][0]["status"])
    return str(told["responses"][0]["requestId"])


async def test_an_order_is_sent_and_then_successful(client: Client) -> None:
    """By its own id alone; the book has paid 2000 fen once, in the account's currency."""
    own = await sent(client, "one")
    await client.settled("one")
    data = (await found(client, own))["data"]
    assert ("Success", PHONE, "CNY 20.0000") == (
        data["status"], data["phoneNumber"], data["amount"],
    )  # fmt: skip
    airtime = (await client.book(vendor="africastalking"))["airtime"]
    assert (1, {"CNY": 2000}) == (airtime["paid_count"], airtime["sum_fen"])
    for strange in ("one", "ATQid_9999999999", "", "x"):
        assert "data" not in await found(client, strange)


async def test_a_declined_order_fails_without_a_reason(client: Client) -> None:
    """And nothing is paid."""
    own = await sent(client, "no", DECLINED)
    await client.settled("no")
    assert "Failed" == (await found(client, own))["data"]["status"]
    assert 0 == (await client.book())["airtime"]["paid_count"]


async def test_the_same_key_is_the_same_request(client: Client) -> None:
    """Within minutes it is refused as a whole; without a key it is another order."""
    await sent(client, "same")
    status, told = await customer.order(client, "same", PHONE)
    assert (201, 0, [], True) == (
        status, told["numSent"], told["responses"], "duplicate" in told["errorMessage"],
    )  # fmt: skip
    await sent(client, "")
    assert 2 == len((await client.book())["airtime"]["transactions"])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"username": "another"}, 401), ({"recipients": "nonsense"}, 400),
        ({"recipients": "[]"}, 400), ({"recipients": '[{"phoneNumber": "+86"}]'}, 400),
        ({"recipients": '[{"phoneNumber": "+8613800000088", "amount": "USD 20"}]'}, 400),
        ({"recipients": '[{"phoneNumber": "+8613800000088", "amount": "20"}]'}, 400),
    ],
)  # fmt: skip
async def test_a_bad_form_is_refused_in_words(
    client: Client, fields: dict[str, str], status: int
) -> None:
    """Plain text, and no trace in the book."""
    answered, told = await customer.order(client, "bad", PHONE, **fields)
    assert (status, True) == (answered, isinstance(told, str))
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_a_wrong_key_and_a_wrong_number(client: Client) -> None:
    """The first is no customer; the second is told among the recipients, and orders nothing."""
    status, told = await customer.call(
        client, "POST", "/version1/airtime/send", headers={"apiKey": "wrong"}, data={}
    )
    assert (401, "The supplied authentication is invalid") == (status, told)
    for number in ("+6595123100", "+8613800000008"):
        status, told = await customer.order(client, "nobody", number)
        assert (201, 0, "Failed") == (status, told["numSent"], told["responses"][0]["status"])
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_the_wallet_runs_dry(tmp_path: Path) -> None:
    """The second order of 20 out of 30 fails, under 201 as all."""
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, {"--africastalking-wallet-fen": "3000"}) as process:
            poor = Client(session, process.url)
            await sent(poor, "first")
            status, told = await customer.order(poor, "second", PHONE)
    assert (201, "Insufficient Balance") == (status, told["responses"][0]["errorMessage"])


async def test_a_report_names_its_own_id_alone(tmp_path: Path) -> None:
    """A form, unsigned, once the operator has spoken."""
    async with Inbox() as inbox, ClientSession() as session:
        options = {"--africastalking-report-url": inbox.url}
        with SandboxProcess(tmp_path, options) as process:
            own = await sent(Client(session, process.url), "told")
            posted = await inbox.next_posted()
    assert {"requestId": [own], "status": ["Success"]} == parse_qs(posted.body.decode())


async def test_its_statement_has_the_key_and_what_its_wallet_held(client: Client) -> None:
    """Opening, what was paid, closing; a row can be added that was never paid."""
    await sent(client, "one")
    day = china_text((await client.settled("one"))["paid_at"])[:10]
    path = f"/admin/statement?vendor=africastalking&day={day}"
    rows = [line.split(",") for line in str((await client.call("GET", path))[1]).splitlines()]
    assert ["Status", "Opening Balance", "Success", "Closing Balance"] == [r[3] for r in rows]
    assert ("one", 20.0) == (rows[2][1], float(rows[1][6]) - float(rows[3][6]))
    await client.arm("africastalking", "statement_extra_row", count=1, seed=1)
    assert 5 == len(str((await client.call("GET", path))[1]).splitlines())


@pytest.mark.parametrize("kind", ["drop_answer", "http_500_after", "garbage", "truncated"])
async def test_it_misbehaves_on_demand(client: Client, kind: str) -> None:
    """The answer is spoilt once, and the order is carried out all the same."""
    await client.arm("africastalking", kind, count=1, path="/airtime/send")
    with contextlib.suppress(ClientError, ValueError):
        assert 500 == (await customer.order(client, "spoilt", PHONE))[0]
    assert "COMPLETED" == (await client.settled("spoilt"))["status"]
