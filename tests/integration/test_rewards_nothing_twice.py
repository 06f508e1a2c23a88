"""Goal R2: two instances, three answers of ten lost, reports of every kind: 0 double, 0 unpaid.

The witness is the vendor's own book.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from unittest.mock import patch
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from deploy.sandbox.customer import Client
from deploy.sandbox.faults import Kind
from deploy.sandbox.testing import SandboxProcess
from services.rewards.service import build
from services.rewards.settings import Settings
from services.rewards.store import figures
from shared import config, statements
from shared.db import Database
from shared.service import Service
from shared.web.edge import make_app
from tests.conftest import Clone
from tests.integration.rewards_desk import SEED
from tests.integration.test_rewards_decisions import hear, verified
from tests.integration.test_rewards_jobs import environment
from tests.vendors import AIRTIME

SERVICE = "rewards"
CASES = 20
WORK = ("submit_payouts", "query_payouts", "recover_payouts", "retry_payouts", "query_earlier")
HURRY = {"MASHANG_CALL_S": "1", "MASHANG_LEASE_S": "2", "MASHANG_RESEND_AFTER_S": "0.1"}
# Each of the vendor's ways to be trusted less; all at once.
FAULTS: tuple[tuple[Kind, float], ...] = (
    ("drop_answer", 0.3),
    ("drop_before", 0.1),
    ("http_500_after", 0.1),
    ("garbage", 0.1),
    ("duplicate_callback", 0.3),
    ("reorder_callbacks", 0.3),
    ("forged_callback", 0.3),
    ("no_callback", 0.3),
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A vendor of our own."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def vendor(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """Its admin side, with an empty book."""
    async with ClientSession() as session:
        client = Client(session, sandbox.url)
        await client.reset()
        yield client
        await client.reset()


@dataclass
class Instance:
    """One of two, with its own pool and its own door for reports."""

    service: Service
    settings: Settings
    database: Database

    async def work(self) -> None:
        """Each of the jobs on payouts once."""
        for job in self.service.jobs:
            if job.name in WORK:
                await job.run()


@asynccontextmanager
async def started(url: str, vendor_url: str) -> AsyncIterator[Instance]:
    """As the process wires it; its door is open before the vendor is told of it."""
    async with AsyncExitStack() as stack:
        database = await Database.connect(url, SERVICE, 6)
        stack.push_async_callback(database.close)
        key = base64.b64encode(statements.public_key(SEED)).decode()
        told = environment(vendor_url) | HURRY | {"MASHANG_IDENTITY_PUBLIC": key}
        with patch.dict("os.environ", told):
            settings = config.load(Settings)
            door = TestServer(make_app(build(settings, database).house))
            await stack.enter_async_context(door)
            told["MASHANG_REPORT_URL"] = str(door.make_url("")).rstrip("/")
        with patch.dict("os.environ", told):
            settings = config.load(Settings)
            service = build(settings, database)
        for resource in service.resources:
            await stack.enter_async_context(resource)
        yield Instance(service, settings, database)


async def earn(instance: Instance) -> None:
    """Rewards that are ready, one phone and one unit each."""
    for number in range(CASES):
        submission = uuid4()
        phone = f"+86138{number:06d}88"
        sealed = instance.settings.seal.close(phone, f"phone:{submission}")
        event = verified(submission_id=submission, phone_sealed=sealed, unit_code=f"u{number}")
        async with instance.database.transaction() as conn:
            assert await hear(conn, event)


async def states(instance: Instance) -> dict[str, int]:
    """How many rewards are in each state."""
    async with instance.database.acquire() as conn:
        return {name: number for name, (number, _) in (await figures.list_states(conn)).items()}


async def hurry(instance: Instance) -> None:
    """What waits for its turn is due, as if the pauses were over."""
    async with instance.database.acquire() as conn:
        await conn.execute(
            "UPDATE rewards SET act_at = now() WHERE act_at > now()"
            " AND state IN ('accepted', 'unknown', 'rejected', 'ready')"
        )


@pytest.mark.timeout(180)
async def test_two_instances_pay_each_once_whatever_the_vendor_says(
    clone: Clone, vendor: Client
) -> None:
    """Lost, broken, doubled, reordered, forged and missing: one payment a case, told once."""
    url = await clone(SERVICE)
    for seed, (kind, probability) in enumerate(FAULTS):
        await vendor.arm(AIRTIME.name, kind, probability=probability, seed=seed, delay_s=0.2)
    async with started(url, vendor.url) as one, started(url, vendor.url) as two:
        await earn(one)
        for _ in range(400):
            await asyncio.gather(one.work(), two.work())
            if {"paid": CASES} == await states(one):
                break
            await hurry(one)
        book = (await vendor.book())["airtime"]
        assert {"paid": CASES} == await states(one)
        paid_once = {"paid_count": 1, "sum_fen": 2000}
        assert [paid_once] * CASES == list(book["by_number"].values())
        assert (CASES, CASES * 2000) == (book["paid_count"], book["sum_fen"]["CNY"])
        async with one.database.acquire() as conn:
            told = "SELECT count(*) FROM outbox WHERE type = 'reward.paid.v1'"
            assert CASES == await conn.fetchval(told)
            assert CASES == await conn.fetchval("SELECT count(*) FROM orders WHERE outcome='paid'")
