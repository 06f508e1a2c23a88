"""A service's life from the outside: a process, its exit code, its words, its ops port."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local import databases
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import ROOT, service_env
from shared import db
from shared.console import processes
from tests.conftest import Clone, eventually, leashed

SERVICE = "scoring"


class Child:
    """A service's process and what it has written so far."""

    def __init__(
        self, process: asyncio.subprocess.Process, ports: Ports, service: str = SERVICE
    ) -> None:
        self.process, self.ops = process, ports.url(f"ops_{service}")
        self.home = ports.url(service)
        self.lines: list[str] = []
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.lines.append(line.decode())

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log entries of that name."""
        entries = [json.loads(line) for line in self.lines]
        return [entry for entry in entries if entry["event"] == event]

    async def missed(self) -> list[str]:
        """What of the database it waited for, in order."""
        return [entry["reason"] for entry in self.said("waited for the database")]

    async def last_missed(self) -> str:
        """What it waits for now."""
        return (await self.missed())[-1]

    async def ready(self) -> dict[str, str] | None:
        """What /readyz says; None while nobody listens."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.ops}/readyz") as response:
                return dict(await response.json())
        except aiohttp.ClientError:
            return None

    async def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            code = await self.process.wait()
        await self.reading
        return code


_started: list[Child] = []


async def start(ports: Ports, keys: Keys, postgres: str, amqp: str, **changes: str) -> Child:
    """Start the service on servers that may not be there yet."""
    environment = service_env(SERVICE, ports=ports, keys=keys, database_url=postgres, amqp_url=amqp)
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", f"services.{SERVICE}"), cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment, **changes},
    )  # fmt: skip
    child = Child(process, ports)
    _started.append(child)
    return child


@pytest.fixture(autouse=True)
async def _nothing_stays() -> AsyncIterator[None]:
    yield
    for child in _started:
        if child.process.returncode is None:
            child.process.kill()
        await child.process.wait()
        await child.reading
    _started.clear()


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[tuple[Ports, Postgres, RabbitMQ]]:
    """Servers of its own, not started."""
    ports = Ports.free()
    postgres = Postgres(tmp_path / "postgres", ports["postgres"], fsync=False)
    rabbitmq = RabbitMQ(tmp_path / "rabbitmq", ports["rabbitmq"], passwords={SERVICE: "its own"})
    yield ports, postgres, rabbitmq
    await rabbitmq.stop()
    await postgres.stop()


async def test_it_waits_for_what_is_not_there_and_says_so(
    servers: tuple[Ports, Postgres, RabbitMQ],
) -> None:
    """Started first, it names each missing part once, and is ready when the last one comes."""
    ports, postgres, rabbitmq = servers
    keys = Keys()
    postgres.data.mkdir(parents=True)
    url = databases.url_for(
        postgres.admin_url, "mashang_scoring", "mashang_scoring", keys.password_of(SERVICE)
    )
    child = await start(ports, keys, url, rabbitmq.url_of(SERVICE))
    await eventually(child.missed, ["not reachable: ConnectionRefusedError"])
    await postgres.start()
    await databases.make_databases(postgres.admin_url, keys)
    heads = ", ".join(sorted(db.expected_heads(SERVICE)))
    await eventually(child.last_missed, f"migrations of scoring not at {heads}")
    await databases.migrate_all(postgres.admin_url, keys)
    away = {"service": "ok", "database": "ok", "broker": "away", "jobs": "ok"}
    await eventually(child.ready, away)
    await rabbitmq.start()
    await eventually(child.ready, away | {"broker": "ok"})
    waited = Counter((e["state"], e["error"]) for e in child.said("waited for the broker"))
    assert ({"relay", "consumer"}, {1}) == ({role for role, _ in waited}, set(waited.values()))
    assert 0 == await child.end()
    assert [SERVICE] == [entry["service"] for entry in child.said("service drained")]


async def test_it_can_be_ended_while_it_waits() -> None:
    """SIGTERM to a service whose database never came is an orderly end."""
    child = await start(Ports.free(), Keys(), "postgresql://127.0.0.1:1/x", "amqp://127.0.0.1:1/")
    await eventually(child.missed, ["not reachable: ConnectionRefusedError"])
    assert 0 == await child.end()


async def test_wrong_settings_are_a_line_each_and_exit_2() -> None:
    """The operator reads each variable's name and what it should be, and no traceback."""
    child = await start(
        Ports.free(), Keys(), "postgresql://127.0.0.1:1/x", "amqp://127.0.0.1:1/",
        MASHANG_HTTP_PORT="eighty", MASHANG_TRACES="collector:4318", MASHANG_TRACES_SHARE="2",
    )  # fmt: skip
    assert 2 == await child.process.wait()
    await child.reading
    assert [
        "scoring: MASHANG_HTTP_PORT: input should be a valid integer",
        "MASHANG_TRACES: should be http://HOST:PORT/v1/traces",
        "MASHANG_TRACES_SHARE: input should be less than or equal to 1",
    ] == [line.partition(",")[0].strip() for line in child.lines]


async def test_a_louder_log_tells_of_jobs_and_requests(clone: Clone) -> None:
    """Asked for at run time, a process says what it usually keeps to itself, and drops no field."""
    url = await clone(SERVICE)
    child = await start(Ports.free(), Keys(), url, "amqp://127.0.0.1:1/")
    database = await db.Database.connect(url, SERVICE, 1)
    async with database.transaction() as conn:
        await processes.make_loud(conn, "admin", "", "debug", 5)
    await database.close()

    async def jobs() -> bool:
        return bool(child.said("job ended"))

    await eventually(jobs, True)
    async with aiohttp.ClientSession() as http, http.get(f"{child.home}/nowhere") as response:
        assert 404 == response.status
    assert 0 == await child.end()
    (answered,) = child.said("request answered")
    assert ("debug", "unknown", 404) == (answered["level"], answered["route"], answered["status"])
    assert [] == [line for line in child.lines if "dropped_fields" in line]


async def test_who_shares_out_requests_hears_first(clone: Clone) -> None:
    """Told to end, it says so and answers on for so long; then it ends in order."""
    child = await start(
        Ports.free(), Keys(), await clone(SERVICE), "amqp://127.0.0.1:1/", MASHANG_LEAVE_SECONDS="3"
    )
    await eventually(lambda: told(child, "service"), "ok")
    ending = asyncio.create_task(child.end())
    await eventually(lambda: told(child, "service"), "draining")
    async with aiohttp.ClientSession() as http, http.get(f"{child.home}/livez") as answer:
        assert answer.status < 500
    assert 0 == await ending
    assert 1 == len(child.said("service drained"))


async def told(child: Child, part: str) -> str | None:
    """What /readyz says of a part."""
    return ((await child.ready()) or {}).get(part)


async def test_pools_that_outgrow_the_server_are_one_line_and_exit_2(clone: Clone) -> None:
    """Fifty instances of everything: refused at start, with the sum and what to change."""
    url = await clone(SERVICE)
    child = await start(
        Ports.free(), Keys(), url, "amqp://127.0.0.1:1/", MASHANG_INSTANCES="50"
    )  # fmt: skip
    assert 2 == await asyncio.wait_for(child.process.wait(), 60)
    await child.reading
    (line,) = child.lines
    assert line.startswith("scoring: 5 services × 50 instances × 10 connections + 5")
    assert "MASHANG_INSTANCES" in line
