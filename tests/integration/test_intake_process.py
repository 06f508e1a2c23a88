"""Intake as its own process, between a real PostgreSQL and a real RabbitMQ."""

import asyncio
import json
import os
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from deploy.local.ports import free_port
from deploy.local.rabbitmq import RabbitMQ
from shared.db import Database
from tests.conftest import Clone, eventually, leashed
from tests.integration.intake_site import body, settings
from tests.support import SEAL_KEYS, variables

ROOT = Path(__file__).parents[2]


def environment(database_url: str, amqp_url: str, port: int, ops: int) -> dict[str, str]:
    """The settings of `intake_site`, as a process gets them."""
    same = settings()
    secrets = SEAL_KEYS | {"code_keys": same.code_keys.get_secret_value()}
    keys = {
        name: base64_of(getattr(same, name)) for name in ("index_key", "receipt_key", "signing_key")
    }
    keys["identity_public"] = ",".join(map(base64_of, same.identity_public))
    return {
        **os.environ, **variables(secrets | keys),
        "DATABASE_URL": database_url, "AMQP_URL": amqp_url,
        "MASHANG_HTTP_PORT": str(port), "MASHANG_OPS_PORT": str(ops),
    }  # fmt: skip


def base64_of(key: bytes) -> str:
    """A key as it stands in the environment."""
    return b64encode(key).decode()


async def test_what_was_accepted_leaves_for_the_bus_and_a_drain_ends_well(
    clone: Clone, rabbitmq: RabbitMQ
) -> None:
    """40 submissions are accepted, the outbox empties into the broker, SIGTERM exits 0.

    Open to the world, it shows its state and figures to its own machine alone.
    """
    url, port, ops = await clone("intake"), free_port(), free_port()
    env = environment(url, rabbitmq.amqp_url, port, ops) | {"MASHANG_HTTP_HOST": "0.0.0.0"}  # noqa: S104
    async with running(env) as process:
        async with ClientSession() as client:
            await eventually(lambda: is_ready(client, ops), "ok")
            statuses = await asyncio.gather(*(_submit(client, port, n) for n in range(40)))
        assert [201] * 40 == statuses
        assert (True, False) == (await _listens(port), await _listens(ops))
        database = await Database.connect(url, "intake")
        await eventually(lambda: database.pool.fetchval("SELECT count(*) FROM outbox"), 0)
        assert 40 == await database.pool.fetchval("SELECT count(*) FROM submissions")
        await database.close()
        process.send_signal(signal.SIGTERM)
        assert 0 == await asyncio.wait_for(process.wait(), 60)


async def test_answers_under_way_are_given_and_nobody_is_waited_for_long(
    clone: Clone, rabbitmq: RabbitMQ
) -> None:
    """Told to end, it takes in whoever is half way through, and no caller keeps it from ending."""
    url, port, ops = await clone("intake"), free_port(), free_port()
    async with running(environment(url, rabbitmq.amqp_url, port, ops)) as process:
        async with ClientSession() as client:
            await eventually(lambda: is_ready(client, ops), "ok")
            slow, silent = await _begin(port, 1), await _begin(port, 2)
            process.send_signal(signal.SIGTERM)
            await eventually(lambda: _listens(port, "127.0.0.1"), False)
        answer = await slow.finish()
        assert 0 == await asyncio.wait_for(process.wait(), 60)
        assert b"" == await silent.reader.read()
        silent.writer.close()
    assert answer.startswith(b"HTTP/1.1 201 ")
    database = await Database.connect(url, "intake")
    assert 1 == await database.pool.fetchval("SELECT count(*) FROM submissions")
    await database.close()


@dataclass(frozen=True)
class Half:
    """A request of which the last byte is still to come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes

    async def finish(self) -> bytes:
        """Send it; the answer."""
        self.writer.write(self.rest)
        answer = await self.reader.read()
        self.writer.close()
        return answer


async def _begin(port: int, number: int) -> Half:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = json.dumps(body()).encode()
    head = (
        "POST /api/v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Idempotency-Key: a-random-key-{number:04}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    writer.write(head.encode())
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
    writer.write(said[:-1])
    await writer.drain()
    return Half(reader, writer, said[-1:])


@asynccontextmanager
async def running(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, gone at the end."""
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "services.intake"), cwd=ROOT, stderr=asyncio.subprocess.DEVNULL, env=env
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_ready(client: ClientSession, ops: int) -> object:
    """What it says of the broker."""
    try:
        async with client.get(f"http://127.0.0.1:{ops}/readyz") as response:
            return (await response.json())["broker"]
    except OSError:
        return "not listening yet"


async def _listens(port: int, host: str = "127.0.0.2") -> bool:
    """Whether it answers there, usually at another address than the usual one of this machine."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def _submit(client: ClientSession, port: int, number: int) -> int:
    async with client.post(
        f"http://127.0.0.1:{port}/api/v1/submissions",
        json=body(),
        headers={"Idempotency-Key": f"a-random-key-{number:04}"},
    ) as response:
        return response.status
