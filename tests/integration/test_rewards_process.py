"""The rewards process, killed again and again while it pays."""

import asyncio
import os
import random
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from deploy.local.ports import free_port
from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.rewards.store import figures
from shared.config import keys
from shared.db import Database
from shared.values.seal import Seal
from tests import support as testing
from tests import vendors
from tests.conftest import Clone, leashed
from tests.integration.test_rewards_decisions import hear, verified
from tests.integration.test_rewards_jobs import environment
from tests.vendors import AIRTIME

SERVICE = "rewards"
CASES = 24
KILLS = 4


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A vendor of our own."""
    with SandboxProcess(tmp_path) as process:
        yield process


@pytest.fixture
async def vendor(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """Its admin side."""
    async with ClientSession() as session:
        yield Client(session, sandbox.url)


class Process:
    """`python -m services.rewards`, with its broker away: news waits in the outbox."""

    def __init__(self, database_url: str, vendor_url: str, log: Path) -> None:
        self._log, port = log, free_port()
        self._environment = (
            os.environ
            | environment(vendor_url, f"http://127.0.0.1:{port}")
            | {
                "DATABASE_URL": database_url,
                "AMQP_URL": "amqp://127.0.0.1:9/",
                "MASHANG_HTTP_PORT": str(port),
                "MASHANG_OPS_PORT": str(free_port()),
                "MASHANG_CALL_S": "2",
                "MASHANG_LEASE_S": "3",
                "MASHANG_RESEND_AFTER_S": "1",
            }
        )

    def _spawn(self) -> "subprocess.Popen[bytes]":
        command = leashed("-m", "services.rewards")
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=self._environment, stderr=log)

    async def start(self) -> "subprocess.Popen[bytes]":
        """Return when it is started."""
        before = self._starts()
        process = self._spawn()
        for _ in range(600):
            if self._starts() > before:
                return process
            assert process.poll() is None, self._log.read_text()
            await asyncio.sleep(0.05)
        pytest.fail("did not start")

    def _starts(self) -> int:
        return self._log.read_bytes().count(b"service started") if self._log.exists() else 0


async def earn(database: Database) -> None:
    """Rewards that are ready, one phone each."""
    seal = Seal({"phone": keys(testing.SEAL_KEYS["seal_keys_phone"])})
    for number in range(CASES):
        submission = uuid4()
        sealed = seal.close(f"+86138{number:06d}88", f"phone:{submission}")
        async with database.transaction() as conn:
            await hear(conn, verified(submission_id=submission, phone_sealed=sealed))


async def states(database: Database) -> dict[str, int]:
    """How many rewards are in each state."""
    async with database.acquire() as conn:
        return {name: number for name, (number, _) in (await figures.list_states(conn)).items()}


async def cut_back_off(database: Database) -> None:
    """Ask now where several lost answers in a row have made the pauses long."""
    async with database.acquire() as conn:
        await conn.execute(
            "UPDATE rewards SET act_at = now() WHERE state IN ('ready', 'accepted', 'unknown')"
            " AND act_at > now() + interval '4 seconds'"
        )


async def test_killed_again_and_again(clone: Clone, vendor: Client, tmp_path: Path) -> None:
    """SIGKILL at random moments, a third of the answers lost: one payment a case, told once."""
    url = await clone(SERVICE)
    for kind, probability in (("drop_answer", 0.3), ("drop_before", 0.1), ("delay", 0.3)):
        await vendor.arm(AIRTIME.name, kind, probability=probability, seed=3, delay_s=50)
    database = await Database.connect(url, SERVICE)
    await earn(database)
    rewards = Process(url, vendor.url, tmp_path / "rewards.log")
    chance = random.Random(5)
    for _ in range(KILLS):
        process = await rewards.start()
        await asyncio.sleep(chance.random() * 0.8)
        process.kill()
        process.wait()
    process = await rewards.start()
    for _ in range(600):
        if {"paid": CASES} == await states(database):
            break
        await cut_back_off(database)
        await asyncio.sleep(0.1)
    process.terminate()
    assert 0 == process.wait(30)
    book = (await vendor.book())["airtime"]
    assert {"paid": CASES} == await states(database)
    assert (CASES, CASES) == (book["paid_count"], len(book["by_number"]))
    async with database.acquire() as conn:
        told = "SELECT count(*) FROM outbox WHERE type = 'reward.paid.v1'"
        assert CASES == await conn.fetchval(told)
    await database.close()


async def refusal(clone: Clone, **changes: str | None) -> tuple[int, list[str]]:
    """How the process ends with some variables changed or missing."""
    told = environment("http://127.0.0.1:9") | {"DATABASE_URL": await clone(SERVICE)}
    told |= {name: value for name, value in changes.items() if value is not None}
    missing = {name for name, value in changes.items() if value is None}
    clean = {n: v for n, v in os.environ.items() if not n.startswith("MASHANG_")} | told
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "services.rewards"),
        env={name: value for name, value in clean.items() if name not in missing},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, errors.decode().splitlines()


async def test_a_setting_that_the_chosen_vendor_lacks_stops_the_start(clone: Clone) -> None:
    """One line, which names the variable."""
    variable = AIRTIME.variable(AIRTIME.secrets[0])
    ended = await refusal(clone, **{variable: None})
    assert (2, [f"rewards: {variable}: field required"]) == ended


async def test_a_vendor_that_nobody_knows_stops_the_start(clone: Clone) -> None:
    """One line, which names the variable and what it may say."""
    code, [line] = await refusal(clone, MASHANG_AIRTIME_VENDORS="nobody")
    assert 2 == code
    assert line.startswith("rewards: MASHANG_AIRTIME_VENDORS: no vendor 'nobody'; known: ")


async def test_a_policy_without_a_product_stops_the_start(clone: Clone, tmp_path: Path) -> None:
    """50 yuan are promised from some day on and only 20 are sold: one line names both."""
    text = Path("deploy/policy.toml").read_text("utf-8")
    more = tmp_path / "policy.toml"
    more.write_text(text.replace("amount_fen = 2000", "amount_fen = 5000"), "utf-8")
    code, [line] = await refusal(clone, MASHANG_POLICY_FILE=str(more))
    assert 2 == code
    assert "MASHANG_AIRTIME_VENDORS: " in line
    assert "no product of 50.00, the reward of the policy of" in line


async def test_a_product_of_another_amount_stops_the_start(clone: Clone, tmp_path: Path) -> None:
    """Policy and configuration agree on 20 yuan; in the vendor's own catalogue it is one of 50."""
    product = AIRTIME.values["products"].partition("=")[2].partition("/")[0]
    sold = {f"--{AIRTIME.name}-products": f"50.00={product}"}
    with SandboxProcess(tmp_path, sold) as other:
        wrong = vendors.environment(AIRTIME, other.url, products=f"20.00={product}")
        code, [*_, line] = await refusal(clone, **wrong)
    assert 2 == code
    assert f"{AIRTIME.name} sells 50 CNY" in line
    assert f"as its product {product}, which is configured for 20.00 CNY" in line


async def test_a_vendor_named_twice_stops_the_start(clone: Clone) -> None:
    """A preference is an order, and nobody comes twice in it."""
    twice = f"{AIRTIME.name}, {AIRTIME.name}"
    code, [line] = await refusal(clone, MASHANG_AIRTIME_VENDORS=twice)
    assert (2, "rewards: MASHANG_AIRTIME_VENDORS: should name each vendor once") == (code, line)
