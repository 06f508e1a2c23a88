"""Two workers of intake on one port, with real processes: taken in, counted, drained, killed."""

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.settings import ROOT
from shared.db import Database
from tests.conftest import Clone, eventually, leashed
from tests.integration.intake_site import body
from tests.integration.test_intake_process import environment
from tests.integration.test_intake_writer import locked
from tests.integration.test_local_process import gone
from tests.integration.test_service_start import Child

SERVICE = "intake"
# What is sent stays in the outbox.
NO_BROKER = "amqp://127.0.0.1:1/"
READY = {"service": "ok", "database": "ok", "broker": "away", "jobs": "ok"}
# So many connections that both get some: all on one side is one in a million million.
MANY = 40
WRITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE '%WITH sent AS%'
"""
WAITING = "INSERT INTO outbox (event_id, type, body) VALUES (gen_random_uuid(), 'none', '{}')"


class Pair(Child):
    """A supervisor and its two workers."""

    def __init__(self, process: asyncio.subprocess.Process, ports: Ports, database: str) -> None:
        super().__init__(process, ports, SERVICE)
        self.url, self.database = ports.url(SERVICE), database

    @property
    def workers(self) -> list[int]:
        """Their ids."""
        return [one.pid for one in psutil.Process(self.process.pid).children()]

    async def figure(self, name: str, **labels: str) -> float | None:
        """A number of the metrics page; None where it is not told."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.ops}/metrics") as answer:
            page = await answer.text()
        samples = [one for family in text_string_to_metric_families(page) for one in family.samples]
        told = [one.value for one in samples if (one.name, one.labels) == (name, labels)]
        assert len(told) < 2
        return told[0] if told else None

    def taken(self) -> Counter[int]:
        """How many submissions each worker says that it took in."""
        told = Counter[int]()
        for entry in self.said("submissions received"):
            told[entry["worker"]] += entry["count"]
        return told

    async def kill(self) -> None:
        """Nothing of it stays."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()

    async def ended(self) -> int:
        """Its exit code, when it comes."""
        async with asyncio.timeout(60):
            code = await self.process.wait()
        await self.reading
        return code


Start = Callable[[], Awaitable[Pair]]


@pytest.fixture
async def start(clone: Clone) -> AsyncIterator[Start]:
    """Starts a pair over an outbox in which three events wait; nothing of it stays."""
    url, pairs = await clone(SERVICE), list[Pair]()
    database = await Database.connect(url, SERVICE)
    for _ in range(3):
        await database.pool.execute(WAITING)
    await database.close()

    async def ready() -> Pair:
        pairs.append(await started(url, Ports.free()))
        await eventually(pairs[-1].ready, READY)
        return pairs[-1]

    yield ready
    for pair in pairs:
        await pair.kill()


async def started(url: str, ports: Ports) -> Pair:
    """A pair that may not be ready yet."""
    env = environment(url, NO_BROKER, ports[SERVICE], ports[f"ops_{SERVICE}"])
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "services.intake"), cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        env=env | {"MASHANG_WORKERS": "2", "MASHANG_PATIENCE_SECONDS": "60"},
    )  # fmt: skip
    return Pair(process, ports, urlsplit(url).path[1:])


async def test_both_take_in_and_are_one_page(start: Start) -> None:
    """40 connections reach both; counts are added, a table's gauge is not; a repeat is one."""
    pair = await start()
    runs = {"job_name": "observe_bus", "outcome": "done"}
    await eventually(lambda: pair.figure("mashang_job_runs_total", **runs), 2.0)
    assert 3 == await pair.figure("mashang_outbox_events")
    codes = await asyncio.gather(*(submit(pair, f"a-random-key-{n:04}") for n in range(MANY)))
    assert MANY == len(set(codes))
    again = await asyncio.gather(*(submit(pair, "a-random-key-0000") for _ in range(MANY)))
    assert {codes[0]} == set(again)
    counted = {"kind": "complaint", "outcome": "received"}
    assert MANY == await pair.figure("mashang_submissions_total", **counted)
    assert 0 == await pair.figure("mashang_submissions_waiting")
    assert 0 == await pair.end()
    taken = pair.taken()
    assert ({1, 2}, MANY) == (set(taken), taken.total())


async def submit(pair: Pair, key: str) -> str:
    """The receipt of a complaint that comes over a connection of its own."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{pair.url}/api/v1/submissions", json=body(), headers={"Idempotency-Key": key}
        ) as answer,
    ):
        assert answer.status in (200, 201)
        return str((await answer.json())["receipt"]["code"])


async def test_a_drain_ends_both_and_waits_for_what_has_begun(
    start: Start, postgres: Postgres
) -> None:
    """What waits for its commit at SIGTERM is stored and answered by both; then all exit 0."""
    pair = await start()
    async with locked(postgres.url(pair.database)) as conn:
        sent = [submit(pair, f"a-random-key-{number:04}") for number in range(MANY)]
        answers = asyncio.gather(*sent, return_exceptions=True)
        await eventually(lambda: writing(conn), 2)
        pair.process.send_signal(signal.SIGTERM)
        await eventually(pair.ready, READY | {"service": "draining"})
    answered = [one for one in await answers if isinstance(one, str)]
    assert 0 == await pair.ended()
    taken = pair.taken()
    assert ({1, 2}, True) == (set(taken), 0 < len(answered) <= taken.total())
    assert [1, 2] == sorted(entry["worker"] for entry in pair.said("service drained"))


async def writing(conn: asyncpg.Connection) -> object:
    """How many wait for the lock with submissions to write; a transaction would remember."""
    await conn.execute("SELECT pg_stat_clear_snapshot()")
    return await conn.fetchval(WRITING)


async def test_the_death_of_one_ends_all_loudly(start: Start) -> None:
    """Half a service is none: the other drains, the log says who died of what, exit code 1."""
    pair = await start()
    both = pair.workers
    os.kill(both[1], signal.SIGKILL)
    assert 1 == await pair.ended()
    (died,), (drained,) = pair.said("worker died"), pair.said("service drained")
    assert ("critical", "killed by SIGKILL") == (died["level"], died["reason"])
    assert {1, 2} == {died["worker"], drained["worker"]}
    assert [True, True] == [gone(pid) for pid in both]


async def test_nobody_outlives_the_supervisor(start: Start) -> None:
    """SIGKILL, which it cannot pass on, takes its workers along."""
    pair = await start()
    both = pair.workers
    pair.process.kill()

    async def left() -> list[int]:
        return [pid for pid in both if not gone(pid)]

    await eventually(left, [])
    assert 2 == len(both)


async def test_an_ops_port_that_is_taken_is_one_line_and_exit_2() -> None:
    """The workers, who wait for a database, end with their supervisor."""
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports[f"ops_{SERVICE}"])):
        pair = await started("postgresql://127.0.0.1:1/none", ports)
        assert 2 == await pair.ended()
    (said,) = [line for line in pair.lines if not line.startswith("{")]
    assert said.startswith(f"intake: cannot listen on {pair.ops[7:]}: ")
