"""Payouts against a real sandbox process with its faults: its own book is the witness."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.rewards.catalogue import Catalogue
from services.rewards.handlers import on_contact_bound
from services.rewards.jobs import Payouts
from services.rewards.phones import refuse
from services.rewards.providers.protocol import Airtime
from services.rewards.providers.registry import VENDORS
from services.rewards.rebinding import Rebinding
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.service import build
from services.rewards.settings import Settings
from services.rewards.store import history, orders, rewards
from shared.config import load
from shared.db import Database
from shared.events import CaseVerified, ContactBound
from shared.vendors.vendor import choose
from shared.web.edge import make_app
from tests import support as testing
from tests import vendors
from tests.integration.test_rewards_decisions import POLICIES, hear, verified
from tests.vendors import AIRTIME, lease

SERVICE = "rewards"
# Quick enough for a test; the sandbox answers in milliseconds.
PACE = Pace(
    lease=timedelta(seconds=60),
    resend_after=timedelta(seconds=0.1),
    held_pause=timedelta(seconds=0.3),
)
OPEN = ("ready", "submitting", "accepted", "unknown", "rejected")


def environment(url: str, report_url: str = "http://127.0.0.1:9") -> dict[str, str]:
    """The variables of a rewards process whose vendor is at `url`."""
    return {
        "DATABASE_URL": "postgresql://unused",
        "AMQP_URL": "amqp://unused",
        "MASHANG_HTTP_PORT": "0",
        "MASHANG_OPS_PORT": "0",
        **testing.variables(testing.SEAL_KEYS),
        "MASHANG_CLOSE_KEY": testing.INDEX_KEY,
        "MASHANG_IDENTITY_PUBLIC": testing.INDEX_KEY,
        "MASHANG_AIRTIME_VENDORS": AIRTIME.name,
        "MASHANG_REPORT_URL": report_url,
        **vendors.environment(AIRTIME, url),
    }


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the module."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def vendor(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """The sandbox's admin side, with an empty book."""
    async with ClientSession() as session:
        client = Client(session, sandbox.url)
        await client.reset()
        yield client


class World:
    """Rewards with its reports' address, its database, and the vendor."""

    def __init__(self, settings: Settings, database: Database, payouts: Payouts) -> None:
        self.settings, self.database, self.payouts = settings, database, payouts
        self._numbers = iter(range(1, 9999))

    async def earn(self, ending: str = "88", **changes: Any) -> Reward:
        """A substantiated complaint of a phone with these last digits."""
        submission = uuid4()
        phone = f"+8613800{next(self._numbers):0{6 - len(ending)}d}{ending}"
        sealed = self.settings.seal.close(phone, f"phone:{submission}")
        event = verified(submission_id=submission, phone_sealed=sealed, **changes)
        return await self.hear(event)

    async def hear(self, event: CaseVerified) -> Reward:
        """Handle a verdict that makes a reward."""
        async with self.database.transaction() as conn:
            reward = await hear(conn, event)
        assert reward is not None
        return reward

    async def get(self, reward: Reward) -> Reward:
        """As it is stored now."""
        async with self.database.transaction() as conn:
            stored = await rewards.get(conn, reward.id)
        assert stored is not None
        return stored

    async def until(self, reward: Reward, state: str) -> None:
        """Wait for a state."""
        for _ in range(500):
            if (await self.get(reward)).state == state:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"never {state}")

    async def steps(self, reward: Reward) -> list[str]:
        """What happened to it."""
        async with self.database.acquire() as conn:
            return [row["step"] for row in await history.list_of(conn, reward)]

    async def work(self) -> None:
        """One round of every job."""
        await self.payouts.submit()
        await self.payouts.query()
        await self.payouts.recover()
        await self.payouts.retry()

    async def hurry(self, *states: str) -> None:
        """Everything that waits in these states is due now."""
        async with self.database.acquire() as conn:
            # In one order: three drains hurry the same rewards.
            await conn.execute(
                "UPDATE rewards SET act_at = now() WHERE id IN (SELECT id FROM rewards"
                " WHERE state = ANY($1) AND act_at > now() ORDER BY id FOR UPDATE)",
                states,
            )

    async def drain(self, rounds: int = 400) -> None:
        """Work until nothing is under way."""
        for _ in range(rounds):
            await self.work()
            await self.hurry("ready", "accepted", "unknown", "rejected")
            async with self.database.acquire() as conn:
                if not await conn.fetchval("SELECT 1 FROM rewards WHERE state = ANY($1)", OPEN):
                    return
            await asyncio.sleep(0.02)
        pytest.fail("something is still under way")

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """The data of the published events of a type."""
        async with self.database.acquire() as conn:
            rows = await conn.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", kind)
        return [json.loads(row["body"])["data"] for row in rows]


def chosen(settings: Settings) -> Airtime:
    """The adapter as the service chooses it."""
    return choose(VENDORS, "", settings.airtime_vendors[0], settings.terms)


@pytest.fixture
async def world(
    database: Database, vendor: Client, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Rewards as it is wired, with its HTTP address open for reports."""
    async with AsyncExitStack() as stack:
        for name, value in environment(vendor.url).items():
            monkeypatch.setenv(name, value)
        settings = load(Settings)
        server = TestServer(make_app(build(settings, database).house))
        await stack.enter_async_context(server)
        monkeypatch.setenv("MASHANG_REPORT_URL", str(server.make_url("/")))
        settings = load(Settings)
        airtime = await stack.enter_async_context(chosen(settings))
        catalogue = await stack.enter_async_context(Catalogue(airtime))
        payouts = Payouts(
            database,
            (airtime,),
            settings.seal,
            PACE,
            [catalogue],
            Rebinding(POLICIES, settings.seal),
        )
        yield World(settings, database, payouts)


async def airtime(vendor: Client) -> dict[str, Any]:
    """The vendor's own book."""
    return dict((await vendor.book(vendor=AIRTIME.name))["airtime"])


async def test_a_reward_is_paid(world: World, vendor: Client) -> None:
    """Ordered, accepted, asked about, paid: 20 yuan once in the vendor's book, told once."""
    reward = await world.earn()
    await world.drain()
    paid = await world.get(reward)
    assert ("paid", 1) == (paid.state, paid.attempt)
    book = await airtime(vendor)
    assert (1, {"CNY": 2000}) == (book["paid_count"], book["sum_fen"])
    (told,) = await world.events("reward.paid.v1")
    assert (str(reward.id), 2000) == (told["reward_id"], told["amount_fen"])
    assert ["scheduled", "leased", "accepted", "paid"] == await world.steps(reward)


async def test_the_lease_is_committed_before_a_byte_leaves(world: World, vendor: Client) -> None:
    """While the vendor still thinks, another connection already sees the order and its id."""
    await vendor.arm(AIRTIME.name, "delay", delay_s=30, path="/async/")
    reward = await world.earn()
    sending = asyncio.create_task(world.payouts.submit())
    await world.until(reward, "submitting")
    stored = await world.get(reward)
    async with world.database.acquire() as conn:
        (order,) = await orders.list_of(conn, stored)
    assert (stored.order_id, None) == (order["order_id"], order["outcome"])
    await sending
    await world.drain()
    assert 1 == (await airtime(vendor))["paid_count"]


@pytest.mark.parametrize(
    "kind",
    ["drop_answer", "drop_before", "http_500_before", "http_500_after", "garbage", "truncated"],
)
async def test_a_spoilt_answer_is_asked_about(world: World, vendor: Client, kind: str) -> None:
    """Executed or not: unknown first, then paid once, under one order id."""
    await vendor.arm(AIRTIME.name, kind, count=1, path="/async/")
    reward = await world.earn()
    await world.payouts.submit()
    assert "unknown" == (await world.get(reward)).state
    await world.drain()
    paid = await world.get(reward)
    assert ("paid", 1) == (paid.state, paid.attempt)
    assert 1 == (await airtime(vendor))["paid_count"]
    before = kind in ("drop_before", "http_500_before")
    assert before == ("resent" in await world.steps(reward))


@pytest.mark.parametrize(
    ("ending", "kind", "is_other"),
    [("02", "drop_answer", True), ("88", "drop_answer", False), ("88", "drop_before", False)],
)
async def test_another_phone_waits_for_the_order_of_the_first(
    world: World, vendor: Client, ending: str, kind: str, is_other: bool
) -> None:
    """Bound while nobody knows what became of that order: paid only where it certainly failed."""
    await vendor.arm(AIRTIME.name, kind, count=1, path="/async/")
    reward = await world.earn(ending)
    await world.payouts.submit()
    assert "unknown" == (await world.get(reward)).state
    own, other = reward.submission_id, "+8613900139000"
    contact = ContactBound(
        submission_id=own, phone_sealed=world.settings.seal.close(other, f"phone:{own}"),
        phone_index="other", bound_at=reward.verified_at,
    )  # fmt: skip
    async with world.database.transaction() as conn:
        await refuse(conn, own, reward.phone_index, "c", reward.verified_at)
        await on_contact_bound(POLICIES, world.settings.seal, conn, contact)
    await world.drain()
    paid, book = await world.get(reward), await airtime(vendor)
    assert ("paid", is_other) == (paid.state, paid.phone_index == "other")
    assert (1, is_other) == (book["paid_count"], other.removeprefix("+86") in book["by_number"])
    assert [paid.phone_index] == [
        told["phone_index"] for told in await world.events("reward.paid.v1")
    ]


async def test_a_dropped_order_is_sent_by_us_only_once(world: World, vendor: Client) -> None:
    """The HTTP client repeats nothing by itself when the vendor hangs up."""
    armed = await vendor.arm(AIRTIME.name, "drop_before", path="/async/")
    await world.earn()
    await world.payouts.submit()
    _, faults = await vendor.call("GET", "/admin/faults")
    assert [(armed["id"], 1)] == [(f["id"], f["fired"]) for f in faults["faults"]]


async def test_a_crash_between_commit_and_call(world: World, vendor: Client) -> None:
    """A lease that nobody came back from is unknown, then the same order is sent, and paid once."""
    quick = replace(world.payouts, pace=replace(PACE, lease=timedelta(milliseconds=50)))
    reward = await world.earn()
    assert 1 == len(await lease(quick))
    await asyncio.sleep(0.06)
    await world.payouts.recover()
    assert "unknown" == (await world.get(reward)).state
    await world.drain()
    assert ["lost", "resent"] == (await world.steps(reward))[2:4]
    assert 1 == (await airtime(vendor))["paid_count"]


async def test_a_crash_between_call_and_settling(world: World, vendor: Client) -> None:
    """The vendor executed, we died before noting it: found by asking, not ordered again."""
    quick = replace(world.payouts, pace=replace(PACE, lease=timedelta(milliseconds=50)))
    reward = await world.earn()
    (leased,) = await lease(quick)
    status, _ = await AIRTIME.customer.buy(vendor, leased.order.order_id, "+8613800000188")
    assert 200 <= status < 300
    await asyncio.sleep(0.06)
    await world.drain()
    assert "resent" not in await world.steps(reward)
    assert 1 == (await airtime(vendor))["paid_count"]


async def test_a_late_answer_loses_against_the_recovery(world: World, vendor: Client) -> None:
    """The lease ran out while the vendor was slow: the late answer is dropped, asking pays once."""
    await vendor.arm(AIRTIME.name, "delay", delay_s=30, path="/async/", count=1)
    quick = replace(world.payouts, pace=replace(PACE, lease=timedelta(milliseconds=50)))
    reward = await world.earn()
    sending = asyncio.create_task(quick.submit())
    await asyncio.sleep(0.15)
    await world.payouts.recover()
    await sending
    assert "unknown" == (await world.get(reward)).state
    await world.drain()
    assert 1 == (await airtime(vendor))["paid_count"]
    assert 1 == len(await world.events("reward.paid.v1"))


async def test_a_third_of_the_answers_lost(world: World, vendor: Client) -> None:
    """30 % of all answers dropped, orders and questions alike: one payment for each of 30 cases."""
    await vendor.arm(AIRTIME.name, "drop_answer", probability=0.3, seed=7)
    made = [await world.earn() for _ in range(30)]
    await world.drain()
    book = await airtime(vendor)
    assert (30, {"CNY": 60_000}) == (book["paid_count"], book["sum_fen"])
    assert {1} == {number["paid_count"] for number in book["by_number"].values()}
    assert {"paid"} == {(await world.get(reward)).state for reward in made}
    assert 30 == len(await world.events("reward.paid.v1"))


async def test_every_fault_at_once_and_three_instances(world: World, vendor: Client) -> None:
    """Three instances over one database, faults of all kinds: one payment for each of 20 cases."""
    kinds = ("drop_answer", "drop_before", "http_500_after", "http_500_before", "garbage")
    for seed, kind in enumerate(kinds):
        await vendor.arm(AIRTIME.name, kind, probability=0.1, seed=seed)
    for kind in ("duplicate_callback", "forged_callback", "reorder_callbacks"):
        await vendor.arm(AIRTIME.name, kind, probability=0.5, seed=11)
    for _ in range(20):
        await world.earn()
    await asyncio.gather(*(world.drain() for _ in range(3)))
    book = await airtime(vendor)
    assert (20, 20) == (book["paid_count"], len(book["by_number"]))
    assert 20 == len(await world.events("reward.paid.v1"))


@pytest.mark.parametrize(
    ("ending", "attempts"), [("02", 1), ("03", 1), ("05", 1), ("04", 3), ("06", 3), ("07", 3)]
)
async def test_declined_orders_end_at_a_person(
    world: World, vendor: Client, ending: str, attempts: int
) -> None:
    """What is hopeless is tried once, the rest three times under new ids; nothing is paid."""
    reward = await world.earn(ending)
    await world.drain()
    manual = await world.get(reward)
    assert ("manual", attempts) == (manual.state, manual.attempt)
    book = await airtime(vendor)
    assert (0, attempts) == (book["paid_count"], book["declined_count"])
    assert [] == await world.events("reward.paid.v1")


async def test_an_empty_wallet_pauses(world: World, vendor: Client) -> None:
    """No order is sent during the pause, no attempt is blamed, and afterwards all are paid."""
    await vendor.arm(AIRTIME.name, "empty_wallet")
    first = await world.earn()
    long = replace(world.payouts, pace=replace(PACE, held_pause=timedelta(hours=1)))
    await long.submit()
    second = await world.earn()
    assert 0 == await long.submit()
    states = [(await world.get(r)).state for r in (first, second)]
    assert ["rejected", "ready"] == states
    await vendor.call("DELETE", "/admin/faults")
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE vendor_pauses SET until_at = now()")
    assert 1 == await world.payouts.submit()
    await world.drain()
    assert 2 == (await airtime(vendor))["paid_count"]
    assert 0 == (await world.get(first)).failures


async def test_a_vendor_that_is_down_is_tried_later(
    world: World, vendor: Client, sandbox: SandboxProcess
) -> None:
    """Not even the number's look-up reaches it: no order is made, and it is paid later."""
    reward = await world.earn()
    sandbox.stop()
    try:
        await world.payouts.submit()
        waiting = await world.get(reward)
        assert ("ready", 0) == (waiting.state, waiting.attempt)
    finally:
        sandbox.start()
    await world.drain()
    assert "paid" == (await world.get(reward)).state
    assert 1 == (await airtime(vendor))["paid_count"]


async def test_the_vendor_is_killed_with_the_order_in_its_book(
    world: World, vendor: Client, sandbox: SandboxProcess
) -> None:
    """SIGKILL of the vendor after it took the order: asked about when it is back, paid once."""
    reward = await world.earn()
    await world.payouts.submit()
    sandbox.kill()
    try:
        await world.hurry("accepted")
        await world.payouts.query()
        assert "accepted" == (await world.get(reward)).state
    finally:
        sandbox.start()
    await world.drain()
    assert 1 == (await airtime(vendor))["paid_count"]


async def until_due(world: World, reward: Reward) -> None:
    """Wait until a callback has made the question due."""
    for _ in range(500):
        if await world.payouts.query():
            return
        await asyncio.sleep(0.01)
    pytest.fail("no callback made the question due")


async def put_off(world: World) -> None:
    """No question is due by itself for an hour."""
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET act_at = now() + interval '1 hour'")


async def test_a_callback_makes_the_question_due(world: World, vendor: Client) -> None:
    """Far from the next question by the clock, the vendor's report brings the payment at once."""
    reward = await world.earn("188")  # settles after 30 ms more
    await world.payouts.submit()
    await put_off(world)
    await until_due(world, reward)
    assert "paid" == (await world.get(reward)).state


async def test_without_a_callback_the_clock_asks(world: World, vendor: Client) -> None:
    """A vendor who never calls is asked all the same."""
    await vendor.arm(AIRTIME.name, "no_callback")
    await world.earn()
    await world.drain()
    assert 1 == len(await world.events("reward.paid.v1"))


async def test_a_late_reversal_is_noticed(world: World, vendor: Client) -> None:
    """Completed, paid and told; then the vendor takes it back and calls: reversed, told once."""
    await vendor.arm(AIRTIME.name, "late_reversal", count=1, delay_s=60)
    reward = await world.earn()
    await world.drain()
    assert "paid" == (await world.get(reward)).state
    await put_off(world)
    for _ in range(500):
        await world.payouts.query()
        if (await world.get(reward)).state == "reversed":
            break
        await asyncio.sleep(0.01)
    taken = await world.get(reward)
    assert ("reversed", None) == (taken.state, taken.act_at)
    assert 1 == len(await world.events("reward.paid.v1"))
    (told,) = await world.events("reward.reversed.v1")
    assert str(reward.id) == told["reward_id"]
    assert 0 == (await airtime(vendor))["paid_count"]


async def test_a_phone_that_does_not_open_goes_to_a_person(world: World, vendor: Client) -> None:
    """A seal that does not open is a manual case; nothing is ordered."""
    reward = await world.hear(verified(phone_sealed="1.nonsense"))
    await world.drain()
    assert "manual" == (await world.get(reward)).state
    assert [] == (await airtime(vendor))["transactions"]


async def test_nothing_clear_is_logged_or_stored(world: World, vendor: Client) -> None:
    """The phone appears neither in the logs nor in any table."""
    with testing.captured_logs() as logs:
        await world.earn("4488")
        await vendor.arm(AIRTIME.name, "drop_answer", count=1)
        await world.drain()
    number = next(iter((await airtime(vendor))["by_number"]))
    assert number not in str(logs)
    assert [] == [entry for entry in logs if "dropped_fields" in entry]
    async with world.database.acquire() as conn:
        for table in ("rewards", "orders", "payout_transitions", "outbox"):
            rows = await conn.fetch(f"SELECT t::text FROM {table} AS t")
            assert rows
            assert number not in str([row[0] for row in rows])
