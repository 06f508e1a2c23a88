"""A server of several ends by SIGKILL while citizens hand in: nothing that they were told is lost.

Intake is its own process; it reaches its servers through a proxy, which leads elsewhere afterwards,
as a cluster's own name does.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from deploy.local import Postgres, RabbitMQ, free_port
from services.intake.accept import receipts
from shared import migrate
from tests.conftest import PASSWORD, ROOT, Clone, eventually, leashed
from tests.integration.intake_site import body
from tests.integration.test_intake_process import environment, is_ready
from tests.integration.test_outbox import drain
from tests.proxy import proxy

# Four Erlang machines and three PostgreSQLs start here.
pytestmark = pytest.mark.timeout(400)
AT_ONCE, SOME = 6, 60
STORED = "SELECT receipt_hash FROM submissions"
RECEIVER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'"
UNTOLD = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
LEFT = "SELECT event_id FROM sent WHERE type = 'submission.received.v1'"


class Citizens:
    """Some who hand in one complaint after another, each again until it is accepted."""

    def __init__(self, http: ClientSession, port: int) -> None:
        self._http, self._url = http, f"http://127.0.0.1:{port}/api/v1/submissions"
        self._keys = (f"a-random-key-{number:05}" for number in count())
        self.told: set[bytes] = set()
        self._enough = asyncio.Event()
        self._at_it: list[asyncio.Task[None]] = []

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """All of them at once."""
        self._at_it = [tasks.create_task(self._hand_in()) for _ in range(AT_ONCE)]

    async def end(self) -> None:
        """Each is told of what it has handed in, and goes."""
        self._enough.set()
        await asyncio.wait(self._at_it)

    async def _hand_in(self) -> None:
        while not self._enough.is_set():
            await eventually(partial(self._accepted, next(self._keys)), True)

    async def more(self) -> None:
        """Return when some more are accepted."""
        wanted = len(self.told) + SOME
        await eventually(lambda: asyncio.sleep(0, len(self.told) >= wanted), True)

    async def _accepted(self, key: str) -> bool:
        headers = {"Idempotency-Key": key}
        with suppress(ClientError, TimeoutError):
            async with self._http.post(self._url, json=body(), headers=headers) as answer:
                if answer.ok:
                    code = str((await answer.json())["receipt"]["code"])
                    self.told.add(receipts.hash_of(code.replace("-", "")))
                    return True
        return False


@asynccontextmanager
async def busy_intake(database_url: str, amqp_url: str) -> AsyncIterator[Citizens]:
    """The service, with some accepted and others under way."""
    port, ops = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "services.intake"), cwd=ROOT, stderr=asyncio.subprocess.DEVNULL,
        env=environment(database_url, amqp_url, port, ops),
    )  # fmt: skip
    try:
        async with ClientSession(timeout=ClientTimeout(total=20)) as http:
            await eventually(lambda: is_ready(http, ops), "ok", within=90)
            citizens = Citizens(http, port)
            async with asyncio.TaskGroup() as tasks:
                citizens.begin(tasks)
                await citizens.more()
                yield citizens
    finally:
        process.kill()
        await process.wait()


async def all_of_it(url: str, citizens: Citizens, rabbitmq: RabbitMQ) -> None:
    """More is accepted; what was told is stored, once each, and its event is in the queue."""
    await citizens.more()
    await citizens.end()
    conn = await asyncpg.connect(url)
    await eventually(lambda: conn.fetchval("SELECT count(*) FROM outbox"), 0)
    stored = [row[0] for row in await conn.fetch(STORED)]
    events = {row[0] for row in await conn.fetch(LEFT)}
    await conn.close()
    assert citizens.told == set(stored)
    assert len(stored) == len(citizens.told) == len(events)
    assert events == set(await drain(rabbitmq))


@asynccontextmanager
async def three_nodes(folder: Path) -> AsyncIterator[list[RabbitMQ]]:
    """One broker of three; the last declares queues, so that each has a place on all of them."""
    async with AsyncExitStack() as stack:
        first = RabbitMQ(folder / "1", free_port(), declares=False)
        second = RabbitMQ(folder / "2", free_port(), joins=first, declares=False)
        third = RabbitMQ(folder / "3", free_port(), joins=first)
        yield [await stack.enter_async_context(node) for node in (first, second, third)]


async def test_a_node_of_three_that_is_killed_takes_nothing_with_it(
    clone: Clone, tmp_path: Path
) -> None:
    """It led the queues and had the service's connections; two others are enough for all."""
    url = await clone("intake")
    async with (
        three_nodes(tmp_path) as (first, second, third),
        proxy(third.port) as network,
        busy_intake(url, network.through(third.amqp_url)) as citizens,
    ):
        await third.kill()
        network.lead_to(second.port)
        await all_of_it(url, citizens, first)


@asynccontextmanager
async def primary_and_standby(folder: Path) -> AsyncIterator[tuple[Postgres, Postgres]]:
    """Intake's database on two servers; nothing is confirmed that only one of them has."""
    async with Postgres(folder / "primary", free_port(), fsync=False) as primary:
        admin = await asyncpg.connect(primary.admin_url)
        await admin.execute(f"CREATE ROLE mashang_intake LOGIN PASSWORD '{PASSWORD}'")
        await admin.execute("CREATE DATABASE mashang_intake")
        await migrate.migrate("intake", primary.url("mashang_intake"))
        standby = Postgres(folder / "standby", free_port(), fsync=False, follows=primary)
        async with standby:
            await primary.wait_for(standby)
            state = "SELECT sync_state FROM pg_stat_replication"
            await eventually(lambda: admin.fetchval(state), "sync")
            await admin.close()
            yield primary, standby


async def kill_before_it_is_told(primary: Postgres, standby: Postgres) -> None:
    """End the primary when it has on its disk what its standby does not have, and tells nobody."""
    ours, theirs = [await asyncpg.connect(one.admin_url) for one in (primary, standby)]
    receiver = await theirs.fetchval(RECEIVER)
    await theirs.close()
    os.kill(receiver, signal.SIGSTOP)
    try:
        await eventually(lambda: ours.fetchval(UNTOLD), True)
        await primary.kill()
    finally:
        os.kill(receiver, signal.SIGCONT)
    ours.terminate()


async def test_a_primary_that_is_killed_leaves_all_it_confirmed_to_its_standby(
    tmp_path: Path, rabbitmq: RabbitMQ
) -> None:
    """The standby is promoted while citizens try again and again; then it goes on from there."""
    await drain(rabbitmq)
    own = ("mashang_intake", "mashang_intake", PASSWORD)
    async with (
        primary_and_standby(tmp_path) as (primary, standby),
        proxy(primary.port) as network,
        busy_intake(network.through(primary.url(*own)), rabbitmq.amqp_url) as citizens,
    ):
        await kill_before_it_is_told(primary, standby)
        await standby.promote()
        network.lead_to(standby.port)
        await all_of_it(standby.url(*own), citizens, rabbitmq)
