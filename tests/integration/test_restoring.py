"""All five databases copied, followed, and brought back to a moment in an empty server.

Around that moment events are on their way: the restored services lack what a broker has forgotten,
are told so, and get it again.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiohttp import ClientSession

from deploy.cli import main
from deploy.cli.backup.server import SLOT
from deploy.local.ports import Ports, free_port
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import service_env
from shared import flows
from shared.bus import broker
from shared.bus.consuming import Consumer
from shared.bus.inbox import Inbox
from shared.bus.pace import Pace
from shared.bus.relay import Relay
from shared.db import Database
from shared.flows import SERVICES
from shared.observe import log
from shared.service import Service
from shared.tasks import Tasks
from tests.conftest import PASSWORD, ROOT, Clone, eventually, leashed
from tests.town import Town, build, environ, town

MARGIN = timedelta(hours=1)


LATE = "2099-01-01T00:00:00+08:00"
CASES = "SELECT submission_id FROM cases"
OPENED = "SELECT submission_id FROM timeline WHERE step = 'opened'"
OPENINGS = (
    "SELECT submission_id FROM case_actions JOIN cases USING (case_id) WHERE action = 'opened'"
)
SUBMISSIONS = "SELECT submission_id FROM submissions"
TAKEN_IN = "SELECT id FROM submissions"


@dataclass
class Place:
    """Five services on real databases, and the bus between them for as long as it is wanted."""

    url: str
    urls: Mapping[str, str]
    databases: Mapping[str, Database]
    services: Mapping[str, Service]
    rabbitmq: RabbitMQ

    @asynccontextmanager
    async def bus(
        self, relays: Collection[str] = SERVICES, consumers: Collection[str] = SERVICES
    ) -> AsyncIterator[None]:
        """These relays and these consumers, with the services' own handlers."""
        parts: list[Relay | Consumer] = []
        tasks = []
        for name in relays:
            parts.append(relay := Relay(*self._at(name), name, Tasks(), Pace()))
            tasks.append(asyncio.create_task(relay.run()))
        for name in consumers:
            own, (database, amqp_url) = self.services[name], self._at(name)
            box = Inbox(database, name, own.handlers, own.lock_first, own.lock_order)
            parts.append(consumer := Consumer(amqp_url, name, 400, box.take))
            tasks.append(asyncio.create_task(consumer.consume()))
        try:
            yield
        finally:
            for part in parts:
                part.stop()
            await asyncio.wait_for(asyncio.gather(*tasks), 60)

    def _at(self, name: str) -> tuple[Database, str]:
        return self.databases[name], self.rabbitmq.amqp_url

    async def fetch(self, service: str, query: str) -> list[str]:
        """The first column, as text."""
        async with self.databases[service].acquire() as conn:
            return sorted(str(row[0]) for row in await conn.fetch(query))

    async def mashang(self, *arguments: str) -> int:
        """A command in a thread of this process; its code. What it says is the test's to read."""
        variables = {f"DATABASE_URL_{name.upper()}": url for name, url in self.urls.items()}
        own = {"MASHANG_BACKUP_URL": self.url, "MASHANG_DATA": "/nowhere"}
        with environ(dict(os.environ) | variables | own):
            return await asyncio.to_thread(main, arguments)

    async def moment(self) -> datetime:
        """By the server's clock."""
        async with self.databases["intake"].acquire() as conn:
            at: datetime = await conn.fetchval("SELECT clock_timestamp()")
        return at


@asynccontextmanager
async def following(folder: Path, server: Postgres) -> AsyncIterator[None]:
    """`mashang backup follow` as a process of its own; at the end all is in the folder."""
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "deploy.cli", "backup", "follow", str(folder)), cwd=ROOT,
        env={**os.environ, "MASHANG_BACKUP_URL": server.admin_url}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"safe until ")
        yield
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), 100)
        assert 0 == process.returncode
        assert out.splitlines()[-1].startswith(b"ended; safe until ")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        admin = await asyncpg.connect(server.admin_url)
        await admin.execute("SELECT pg_drop_replication_slot($1)", SLOT)
        await admin.close()


async def forget(rabbitmq: RabbitMQ) -> None:
    """A broker without a memory."""
    async with broker.connection(rabbitmq.amqp_url, "test", "test") as opened:
        await broker.declare_topology(opened)
        channel = await opened.channel()
        for queue, _ in flows.bindings():
            await (await channel.get_queue(queue)).purge()


@asynccontextmanager
async def restored(place: Place, town_: Town, data: Path, password: str) -> AsyncIterator[Place]:
    """The services on the server that was restored below `data`."""
    (data / "password").write_text(password)
    async with Postgres(data, free_port(), fsync=False) as server, AsyncExitStack() as stack:
        urls, databases, services = {}, {}, {}
        for name, before in place.urls.items():
            url = server.url(urlsplit(before).path[1:], f"mashang_{name}", PASSWORD)
            urls[name] = url
            databases[name] = await Database.connect(url, name, 4)
            stack.push_async_callback(databases[name].close)
            env = service_env(
                name, ports=Ports.free(), keys=town_.keys, database_url=url,
                amqp_url=place.rabbitmq.amqp_url, photos=str(data),
            )  # fmt: skip
            services[name] = build(name, env, databases[name])[1]
        yield Place(server.admin_url, urls, databases, services, place.rabbitmq)


@pytest.mark.timeout(600)
async def test_five_databases_come_back_to_a_moment_and_get_what_the_broker_forgot(
    clone: Clone, templates: Postgres, rabbitmq: RabbitMQ, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Handled before, sent before and handled after, not yet sent, not yet there: each once, or
    not at all, and what is missing is named until nothing is."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    await forget(rabbitmq)
    folder, data, urls = tmp_path / "backups", tmp_path / "restored", dict[str, str]()

    async def noted(service: str) -> str:
        urls[service] = await clone(service)
        return urls[service]

    async with town(noted) as opened, ClientSession() as http, following(folder, templates):
        place = Place(templates.admin_url, urls, opened.databases, opened.services, rabbitmq)
        handled = (await opened.hand_in(http))["submission_id"]
        async with place.bus():
            await eventually(lambda: place.fetch("scoring", CASES), [handled])
            await eventually(lambda: place.fetch("intake", OPENED), [handled])
        assert 0 == await place.mashang("backup", "take", str(folder))
        sent = (await opened.hand_in(http))["submission_id"]
        async with place.bus(["intake"], ["scoring"]):
            await eventually(lambda: place.fetch("scoring", SUBMISSIONS), sorted([handled, sent]))
        waiting = (await opened.hand_in(http))["submission_id"]
        at = await place.moment()
        lost = (await opened.hand_in(http))["submission_id"]
        async with place.bus():
            all_four = sorted([handled, sent, waiting, lost])
            await eventually(lambda: place.fetch("scoring", CASES), all_four)
    assert "whole at " in capsys.readouterr().out

    (data / "cluster").mkdir(parents=True)
    arguments = (str(folder), "--into", str(data / "cluster"), "--at", at.isoformat())
    assert 0 == await place.mashang("backup", "restore", *arguments)
    assert "the last transaction in it is of " in capsys.readouterr().out
    await forget(rabbitmq)
    word = str(urlsplit(place.url).password)
    async with restored(place, opened, data, word) as again:
        assert sorted([handled, sent, waiting]) == await again.fetch("intake", TAKEN_IN)
        assert [handled] == await again.fetch("verification", CASES)
        assert 1 == await again.mashang("backup", "compare")
        told = capsys.readouterr().out
        assert "intake: 1 events wait in its outbox and leave when it runs\n" in told
        assert "verification lacks 1 × submission.received.v1 of intake: " in told
        assert lacking(told, "verification lacks 2 × matter of intake") == {sent, waiting}
        since = (at - MARGIN).isoformat()
        assert 0 == await again.mashang("events", "resend", "--since", since, "--yes")
        async with again.bus():
            kept = sorted([handled, sent, waiting])
            await eventually(lambda: again.fetch("scoring", CASES), kept)
            await eventually(lambda: again.fetch("intake", OPENED), kept)
            await eventually(lambda: again.fetch("intake", "SELECT seq FROM outbox"), [])
        assert kept == await again.fetch("verification", CASES)
        assert kept == await again.fetch("verification", OPENINGS)
        assert kept == await again.fetch("scoring", SUBMISSIONS)
        capsys.readouterr()
        assert 0 == await again.mashang("backup", "compare")
        assert "nothing is missing\n" == capsys.readouterr().out

    assert 1 == await place.mashang("backup", "restore", *arguments)
    assert f"mashang: {data / 'cluster'} is not an empty folder\n" == capsys.readouterr().err
    (tmp_path / "other").mkdir()
    late = (str(folder), "--into", str(tmp_path / "other"), "--at", LATE)
    assert 1 == await place.mashang("backup", "restore", *late)
    told = capsys.readouterr().err
    assert f"mashang: {folder / 'wal'} does not reach that moment; the last trans" in told
    assert (1, []) == (len(told.splitlines()), list((tmp_path / "other").iterdir()))


def lacking(told: str, what: str) -> set[str]:
    """The ids on the line that begins so."""
    line = next(line for line in told.splitlines() if line.startswith(what))
    return set(line.rpartition(": ")[2].split(", "))
