"""Every fault on demand, against a real sandbox process."""

import asyncio
import contextlib

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession, ClientTimeout

from deploy.sandbox.customer import DTONE, PATIENCE_SECONDS, Client
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text

PHONE = "+8613800000088"


async def reversed_count(client: Client, wanted: int) -> int:
    """Wait until so many top-ups are taken back."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = int((await client.book())["airtime"]["reversed_count"])
            if found >= wanted:
                return found
            await asyncio.sleep(0.01)


async def test_drop_answer_pays_without_a_word(client: Client) -> None:
    """The connection closes without an answer, and yet the money goes out: ask before repeating."""
    await client.arm("dtone", "drop_answer", count=1)
    with pytest.raises(ClientConnectionError):
        await client.order("dropped", PHONE)
    assert "COMPLETED" == (await client.settled("dropped"))["status"]["message"]
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_drop_before_does_nothing(client: Client) -> None:
    """The connection closes and nothing was ordered."""
    await client.arm("dtone", "drop_before", count=1)
    with pytest.raises(ClientConnectionError):
        await client.order("lost", PHONE)
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_delay_answers_late_but_works(client: Client) -> None:
    """A caller that gives up waiting has ordered all the same."""
    await client.arm("dtone", "delay", count=1, delay_s=100)
    body = {"external_id": "late", "product_id": 6020, "auto_confirm": True}
    body["credit_party_identifier"] = {"mobile_number": PHONE}
    url = f"{client.url}/dtone/v1/async/transactions"
    async with ClientSession(timeout=ClientTimeout(total=0.3)) as hasty:
        with pytest.raises(TimeoutError):
            await hasty.post(url, json=body, headers=DTONE)
    assert "COMPLETED" == (await client.settled("late"))["status"]["message"]


@pytest.mark.parametrize(("kind", "wanted"), [("http_500_before", 0), ("http_500_after", 1)])
async def test_a_500_says_nothing_about_the_effect(client: Client, kind: str, wanted: int) -> None:
    """The same 500 comes before and after the effect."""
    await client.arm("dtone", kind, count=1)
    assert 500 == (await client.order("broken", PHONE))[0]
    assert wanted == len((await client.book())["airtime"]["transactions"])


async def test_garbage_is_no_json(client: Client) -> None:
    """The order is taken but its answer cannot be read."""
    await client.arm("dtone", "garbage", count=1)
    with pytest.raises(ValueError, match="decode"):
        await client.order("garbled", PHONE)
    assert 1 == len((await client.book())["airtime"]["transactions"])


async def test_truncated_stops_in_the_middle(client: Client) -> None:
    """The order is taken but its answer ends half-way."""
    await client.arm("dtone", "truncated", count=1)
    with pytest.raises(ClientPayloadError):
        await client.order("cut", PHONE)
    assert 1 == len((await client.book())["airtime"]["transactions"])


async def test_duplicate_callback_comes_twice(client: Client) -> None:
    """One change of state is told two times."""
    await client.arm("dtone", "duplicate_callback", count=1)
    async with Inbox() as inbox:
        await client.order("twice", PHONE, callback_url=inbox.url)
        first, second = await inbox.next(), await inbox.next()
        assert first == second
        assert "COMPLETED" == first["status"]["message"]


async def test_forged_callback_lies(client: Client) -> None:
    """A callback claims the opposite of what the query answers; the true one follows."""
    await client.arm("dtone", "forged_callback", count=1)
    async with Inbox() as inbox:
        await client.order("forged", "+8613800000006", callback_url=inbox.url)
        heard = {(await inbox.next())["status"]["class"]["message"] for _ in range(2)}
        assert {"COMPLETED", "DECLINED"} == heard
        assert "DECLINED" == (await client.settled("forged"))["status"]["message"]


async def test_no_callback_leaves_only_the_query(client: Client) -> None:
    """The silent order is completed; the callback of a later one is the first that arrives."""
    await client.arm("dtone", "no_callback", count=1)
    async with Inbox() as inbox:
        await client.order("silent", PHONE, callback_url=inbox.url)
        await client.settled("silent")
        await client.order("loud", PHONE, callback_url=inbox.url)
        assert "loud" == (await inbox.next())["external_id"]
        assert 0 == inbox.waiting()


async def test_reversal_comes_late_and_out_of_order(client: Client) -> None:
    """With both faults REVERSED is heard before COMPLETED, and the book no longer counts it."""
    await client.arm("dtone", "late_reversal", count=1)
    await client.arm("dtone", "reorder_callbacks", count=1, delay_s=60)
    async with Inbox() as inbox:
        await client.order("taken-back", PHONE, callback_url=inbox.url)
        heard = [(await inbox.next())["status"]["message"] for _ in range(2)]
    assert ["REVERSED", "COMPLETED"] == heard
    airtime = (await client.book())["airtime"]
    assert (0, {"CNY": 2000}) == (airtime["paid_count"], airtime["reversed_fen"])


async def test_empty_wallet_refuses_both_vendors(client: Client) -> None:
    """Airtime answers 1006001 and SMS isv.AMOUNT_NOT_ENOUGH, and nothing goes out."""
    await client.arm("dtone", "empty_wallet")
    await client.arm("aliyun", "empty_wallet", count=1)
    assert 1006001 == (await client.order("poor", PHONE))[1]["errors"][0]["code"]
    assert "isv.AMOUNT_NOT_ENOUGH" == (await client.sms("13800000088"))[1]["Code"]
    assert "OK" == (await client.sms("13800000088"))[1]["Code"]
    assert 1 == (await client.book())["sms"]["sent_count"]


async def test_statement_faults_spoil_every_copy_alike(client: Client) -> None:
    """One row is missing and two are invented, the same in two downloads; the book is right."""
    for n in range(4):
        await client.order(f"stated-{n}", PHONE)
        await client.settled(f"stated-{n}")
    day = await china_day(client)
    path = f"/admin/statement?vendor=dtone&day={day}"
    whole = (await client.call("GET", path))[1].splitlines()
    await client.arm("dtone", "statement_missing_row", count=1)
    await client.arm("dtone", "statement_extra_row", count=2)
    spoiled = (await client.call("GET", path))[1].splitlines()
    assert 5 == len(whole)
    assert 1 == len(set(whole) - set(spoiled))
    assert 2 == len(set(spoiled) - set(whole))
    assert (await client.call("GET", path))[1].splitlines() == spoiled
    assert 4 == (await client.book())["airtime"]["paid_count"]


async def china_day(client: Client) -> str:
    """The day in China of the newest payment."""
    paid_at = (await client.book(vendor="dtone"))["airtime"]["transactions"][-1]["paid_at"]
    return china_text(paid_at)[:10]


async def test_a_reversal_is_a_negative_row(client: Client) -> None:
    """The statement shows the payment and the reversal, which add up to nothing."""
    await client.arm("dtone", "late_reversal", count=1)
    await client.order("back", PHONE)
    assert 1 == await reversed_count(client, 1)
    day = await china_day(client)
    text = (await client.call("GET", f"/admin/statement?vendor=dtone&day={day}"))[1]
    amounts = [line.split(",")[6] for line in text.splitlines()[1:]]
    assert ["20.00", "-20.00"] == amounts


async def test_probability_is_repeatable_by_seed(client: Client) -> None:
    """The same seed strikes the same calls, and neither none nor all of them."""

    async def struck() -> list[bool]:
        await client.reset()
        await client.arm("dtone", "http_500_before", probability=0.3, seed=7)
        return [(await client.dtone("GET", "/balances"))[0] == 500 for _ in range(40)]

    first = await struck()
    assert first == await struck()
    assert 0 < sum(first) < 40


async def test_path_and_count_limit_a_fault(client: Client) -> None:
    """A fault strikes only its path, only so often, and tells how often it did."""
    await client.arm("dtone", "http_500_before", path="/balances", count=2)
    assert 200 == (await client.dtone("GET", "/products"))[0]
    answers = [(await client.dtone("GET", "/balances"))[0] for _ in range(3)]
    assert [500, 500, 200] == answers
    faults = (await client.call("GET", "/admin/faults"))[1]["faults"]
    assert [("http_500_before", 2, 2)] == [(f["kind"], f["draws"], f["fired"]) for f in faults]
    assert {"deleted": 1} == (await client.call("DELETE", "/admin/faults"))[1]


@pytest.mark.parametrize("kind", ["drop_answer", "garbage", "http_500_after", "truncated"])
async def test_sms_is_sent_when_its_answer_is_spoiled(client: Client, kind: str) -> None:
    """The faults of the wire hold for SMS too, where a repeat would be a second message."""
    await client.arm("aliyun", kind, count=1)
    with contextlib.suppress(ClientConnectionError, ClientPayloadError, ValueError):
        await client.sms("13800000088", "spoiled")
    assert 1 == (await client.book(external="spoiled"))["sms"]["sent_count"]


async def test_sms_reports_can_be_duplicated_and_forged(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Callback faults hold for delivery reports too."""
    async with Inbox() as inbox, ClientSession() as session:
        options = {"--aliyun-report-url": inbox.url}
        with SandboxProcess(tmp_path_factory.mktemp("reports"), options) as process:
            client = Client(session, process.url)
            await client.arm("aliyun", "duplicate_callback", count=1)
            await client.arm("aliyun", "forged_callback", count=1)
            await client.sms("13800000088", "noisy")
            heard = [(await inbox.next())[0]["success"] for _ in range(3)]
    assert [False, True, True] == sorted(heard)
