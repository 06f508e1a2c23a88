"""Every fault on demand, against a real sandbox process."""

import asyncio
import contextlib
from collections import Counter

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession

from deploy.sandbox.customer import PATIENCE_SECONDS, Client
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text
from tests.vendors import AIRTIME, SMS, order, sms

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
    await client.arm(AIRTIME.name, "drop_answer", count=1)
    with pytest.raises(ClientConnectionError):
        await order(client, "dropped", PHONE)
    assert "COMPLETED" == (await client.settled("dropped"))["status"]
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_drop_before_does_nothing(client: Client) -> None:
    """The connection closes and nothing was ordered."""
    await client.arm(AIRTIME.name, "drop_before", count=1)
    with pytest.raises(ClientConnectionError):
        await order(client, "lost", PHONE)
    assert [] == (await client.book())["airtime"]["transactions"]


async def test_delay_answers_late_but_works(client: Client) -> None:
    """A caller that gives up waiting has ordered all the same."""
    await client.arm(AIRTIME.name, "delay", count=1, delay_s=600)
    ordering = asyncio.create_task(order(client, "late", PHONE))
    assert "COMPLETED" == (await client.settled("late"))["status"]
    assert ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering


@pytest.mark.parametrize(("kind", "wanted"), [("http_500_before", 0), ("http_500_after", 1)])
async def test_a_500_says_nothing_about_the_effect(client: Client, kind: str, wanted: int) -> None:
    """The same 500 comes before and after the effect."""
    await client.arm(AIRTIME.name, kind, count=1)
    assert 500 == (await order(client, "broken", PHONE))[0]
    assert wanted == len((await client.book())["airtime"]["transactions"])


async def test_garbage_is_no_json(client: Client) -> None:
    """The order is taken but its answer cannot be read."""
    await client.arm(AIRTIME.name, "garbage", count=1)
    with pytest.raises(ValueError, match="decode"):
        await order(client, "garbled", PHONE)
    assert 1 == len((await client.book())["airtime"]["transactions"])


async def test_truncated_stops_in_the_middle(client: Client) -> None:
    """The order is taken but its answer ends half-way."""
    await client.arm(AIRTIME.name, "truncated", count=1)
    with pytest.raises(ClientPayloadError):
        await order(client, "cut", PHONE)
    assert 1 == len((await client.book())["airtime"]["transactions"])


async def test_duplicate_callback_comes_twice(client: Client) -> None:
    """One change of state is told two times."""
    await client.arm(AIRTIME.name, "duplicate_callback", count=1)
    async with Inbox() as inbox:
        await order(client, "twice", PHONE, report_to=inbox.url)
        first, second = await inbox.next(), await inbox.next()
        assert first == second
        assert ("twice", "COMPLETED") == AIRTIME.customer.told(first)


async def test_forged_callback_lies(client: Client) -> None:
    """A callback claims the opposite of what the query answers; the true one follows."""
    await client.arm(AIRTIME.name, "forged_callback", count=1)
    async with Inbox() as inbox:
        await order(client, "forged", "+8613800000006", report_to=inbox.url)
        heard = {AIRTIME.customer.told(await inbox.next())[1] for _ in range(2)}
        assert {"COMPLETED", "DECLINED"} == heard
        assert "DECLINED" == (await client.settled("forged"))["status"]


async def test_no_callback_leaves_only_the_query(client: Client) -> None:
    """The silent order is completed; the callback of a later one is the first that arrives."""
    await client.arm(AIRTIME.name, "no_callback", count=1)
    async with Inbox() as inbox:
        await order(client, "silent", PHONE, report_to=inbox.url)
        await client.settled("silent")
        await order(client, "loud", PHONE, report_to=inbox.url)
        assert "loud" == AIRTIME.customer.told(await inbox.next())[0]
        assert 0 == inbox.waiting()


async def test_reversal_comes_late_and_out_of_order(client: Client) -> None:
    """With both faults REVERSED is heard before COMPLETED, and the book no longer counts it."""
    await client.arm(AIRTIME.name, "late_reversal", count=1)
    await client.arm(AIRTIME.name, "reorder_callbacks", count=1, delay_s=60)
    async with Inbox() as inbox:
        await order(client, "taken-back", PHONE, report_to=inbox.url)
        heard = [AIRTIME.customer.told(await inbox.next())[1] for _ in range(2)]
    assert ["REVERSED", "COMPLETED"] == heard
    airtime = (await client.book())["airtime"]
    assert (0, {"CNY": 2000}) == (airtime["paid_count"], airtime["reversed_fen"])


async def test_empty_wallet_refuses_every_vendor(client: Client) -> None:
    """Airtime and SMS are refused, and nothing goes out; with money again they are served."""
    await client.arm(AIRTIME.name, "empty_wallet", count=1)
    await client.arm(SMS.name, "empty_wallet", count=1)
    for _ in range(2):
        await order(client, "poor", PHONE)
        await sms(client, "13800000088", "poor")
    await client.settled("poor")
    book = await client.book()
    assert (1, 1) == (book["airtime"]["paid_count"], book["sms"]["sent_count"])


async def test_statement_faults_spoil_every_copy_alike(client: Client) -> None:
    """One row is missing and two are invented, the same in two downloads; the book is right."""
    for n in range(4):
        await order(client, f"stated-{n}", PHONE)
        await client.settled(f"stated-{n}")
    day = await china_day(client)
    path = f"/admin/statement?vendor={AIRTIME.name}&day={day}"
    whole = (await client.call("GET", path))[1].splitlines()
    await client.arm(AIRTIME.name, "statement_missing_row", count=1)
    await client.arm(AIRTIME.name, "statement_extra_row", count=2)
    spoiled = (await client.call("GET", path))[1].splitlines()
    assert 7 == len(whole)
    assert 1 == len(set(whole) - set(spoiled))
    assert 2 == len(set(spoiled) - set(whole))
    assert (await client.call("GET", path))[1].splitlines() == spoiled
    assert 4 == (await client.book())["airtime"]["paid_count"]


async def china_day(client: Client) -> str:
    """The day in China of the newest payment."""
    paid_at = (await client.book(vendor=AIRTIME.name))["airtime"]["transactions"][-1]["paid_at"]
    return china_text(paid_at)[:10]


async def test_a_reversal_is_a_negative_row(client: Client) -> None:
    """The statement shows the payment and the reversal, which add up to nothing."""
    await client.arm(AIRTIME.name, "late_reversal", count=1)
    await order(client, "back", PHONE)
    assert 1 == await reversed_count(client, 1)
    day = await china_day(client)
    text = (await client.call("GET", f"/admin/statement?vendor={AIRTIME.name}&day={day}"))[1]
    amounts = [line.split(",")[6] for line in text.splitlines()[2:-1]]
    assert ["20.00", "-20.00"] == amounts


async def test_probability_is_repeatable_by_seed(client: Client) -> None:
    """The same seed strikes the same calls, and neither none nor all of them."""

    async def struck() -> list[bool]:
        await client.reset()
        await client.arm(AIRTIME.name, "http_500_before", probability=0.3, seed=7)
        return [(await order(client, f"seed-{n}", PHONE))[0] == 500 for n in range(40)]

    first = await struck()
    assert first == await struck()
    assert 0 < sum(first) < 40


async def test_path_and_count_limit_a_fault(client: Client) -> None:
    """A fault strikes only its path, only so often, and tells how often it did."""
    await client.arm(AIRTIME.name, "http_500_before", path="/elsewhere")
    await client.arm(AIRTIME.name, "http_500_before", path=AIRTIME.url, count=2)
    answers = [(await order(client, f"limited-{n}", PHONE))[0] for n in range(3)]
    assert ([500, 500], 1) == (answers[:2], len((await client.book())["airtime"]["transactions"]))
    faults = (await client.call("GET", "/admin/faults"))[1]["faults"]
    assert [(0, 0), (2, 2)] == [(f["draws"], f["fired"]) for f in faults]
    assert {"deleted": 2} == (await client.call("DELETE", "/admin/faults"))[1]


@pytest.mark.parametrize("kind", ["drop_answer", "garbage", "http_500_after", "truncated"])
async def test_sms_is_sent_when_its_answer_is_spoiled(client: Client, kind: str) -> None:
    """The faults of the wire hold for SMS too, where a repeat would be a second message."""
    await client.arm(SMS.name, kind, count=1)
    with contextlib.suppress(ClientConnectionError, ClientPayloadError, ValueError):
        await sms(client, "13800000088", "spoiled")
    assert 1 == (await client.book(external="spoiled"))["sms"]["sent_count"]


async def test_sms_reports_can_be_duplicated_and_forged(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Callback faults hold for delivery reports too."""
    async with Inbox() as inbox, ClientSession() as session:
        options = {f"--{SMS.name}-report-url": inbox.url}
        with SandboxProcess(tmp_path_factory.mktemp("reports"), options) as process:
            client = Client(session, process.url)
            await client.arm(SMS.name, "duplicate_callback", count=1)
            await client.arm(SMS.name, "forged_callback", count=1)
            await sms(client, "13800000088", "noisy")
            heard = [SMS.customer.told(await inbox.next()) for _ in range(3)]
    assert {"noisy"} == {reference for reference, _ in heard}
    assert [1, 2] == sorted(Counter(word for _, word in heard).values())
