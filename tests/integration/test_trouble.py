"""PostgreSQL's own refusals, raised by a real server, through inbox, relay, jobs and HTTP at once.

Each waits, none dies, callers hear 503 in a line, and everything is done once when it is over.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY
from pydantic import BaseModel

from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from shared import db, faults
from shared.bus import broker, outbox
from shared.bus.inbox import Inbox
from shared.bus.pace import Pace
from shared.bus.relay import Relay
from shared.db import Connection, Database
from shared.events import CaseVerified, ScoreChanged
from shared.jobs import Job, Schedule
from shared.tasks import Tasks
from shared.web.edge import make_app
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.house import House
from shared.web.pages import Pages
from tests.conftest import PASSWORD, Clone, eventually
from tests.integration.test_inbox import delivery, verified
from tests.samples import SAMPLES

SERVICE = "scoring"
ROLE = f"mashang_{SERVICE}"
SCORE = next(event for event in SAMPLES if isinstance(event, ScoreChanged))


@dataclass(frozen=True)
class Trouble:
    """How it begins and ends, by an administrator's hand, and by what name it is counted."""

    kind: str
    begin: str
    end: str
    anew: bool = False
    session: tuple[str, str] = ("", "")


FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON effects EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT ON inbox_pending EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE UPDATE ON outbox EXECUTE FUNCTION full_disk()
"""
LOCKED = "BEGIN; LOCK TABLE effects, inbox_pending, outbox IN ACCESS EXCLUSIVE MODE"
TROUBLES = [
    Trouble(
        "TooManyConnectionsError", f"ALTER ROLE {ROLE} CONNECTION LIMIT 0",
        f"ALTER ROLE {ROLE} CONNECTION LIMIT -1", anew=True,
    ),
    Trouble(
        "InvalidPasswordError", f"ALTER ROLE {ROLE} PASSWORD 'changed'",
        f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'", anew=True,
    ),
    Trouble(
        "ReadOnlySQLTransactionError", "ALTER DATABASE {0} SET default_transaction_read_only = on",
        "ALTER DATABASE {0} RESET default_transaction_read_only", anew=True,
    ),
    Trouble("DiskFullError", FULL, "DROP FUNCTION full_disk CASCADE"),
    Trouble("QueryCanceledError", LOCKED, "ROLLBACK", session=("statement_timeout", "150ms")),
    Trouble("LockNotAvailableError", LOCKED, "ROLLBACK", session=("lock_timeout", "150ms")),
]  # fmt: skip


class Done(BaseModel):
    """An answer."""

    done: bool = True


class Small:
    """A service in small: each of its parts writes to the same table."""

    def __init__(self, database: Database, amqp_url: str) -> None:
        self.database, self.tasks = database, Tasks()
        self.inbox = Inbox(database, SERVICE, {CaseVerified: self._handle})
        self.relay = Relay(database, amqp_url, SERVICE, self.tasks, Pace())
        tick = timedelta(milliseconds=50)
        self.schedule = Schedule(
            [Job("write", tick, self._job), Job("retry", tick, self.inbox.retry)]
        )
        self.owed = {"job"}

    async def _handle(self, conn: Connection, _: CaseVerified) -> None:
        await self._write(conn, "inbox")

    async def _write(self, conn: Connection, part: str) -> None:
        await conn.execute("INSERT INTO effects VALUES ($1)", part)

    async def _job(self) -> None:
        if "job" in self.owed:
            async with self.database.transaction() as conn:
                await self._write(conn, "job")
            self.owed.discard("job")

    async def answer(self, _: Call[None, None]) -> Done:
        """The endpoint."""
        async with self.database.transaction() as conn:
            await self._write(conn, "http")
        return Done()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """All of it; where HTTP is."""
        endpoint = Endpoint(
            "POST", "/api/write", self.answer, "write", who=PUBLIC, answers={200: Done}
        )
        async with TestServer(make_app(House("test", (endpoint,), Pages()))) as server:
            relaying = self.tasks.start("relay", self.relay.run())
            jobs = self.schedule.start(self.tasks)
            yield str(server.make_url("/api/write"))
            self.schedule.stop()
            self.relay.stop()
            await self.tasks.end(relaying, *jobs, within=60)
        self.tasks.check()


def counted(fault: str) -> float:
    """How often the metric saw it."""
    return REGISTRY.get_sample_value("mashang_database_faults_total", {"fault": fault}) or 0


@pytest.fixture
async def admin(clone: Clone, postgres: Postgres) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """An administrator in a service's database that has a table for effects; the service's URL."""
    url = await clone(SERVICE)
    connection = await asyncpg.connect(postgres.url(url.rpartition("/")[2]))
    await connection.execute(f"CREATE TABLE effects (part text); GRANT ALL ON effects TO {ROLE}")
    yield connection, url
    await connection.close()


async def apart(connection: asyncpg.Connection) -> None:
    """Every session of the service's ends."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.kind)
async def test_all_parts_outlive_it_and_do_their_work_afterwards(
    trouble: Trouble,
    admin: tuple[asyncpg.Connection, str],
    rabbitmq: RabbitMQ,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing dies, 503 in a line meanwhile, counted by kind; later each effect is there once."""
    connection, url = admin
    name = url.rpartition("/")[2]
    if trouble.session[0]:
        monkeypatch.setitem(db.SESSION, *trouble.session)
    monkeypatch.setattr(db, "ACQUIRE_SECONDS", 1.0)
    await broker.set_up(rabbitmq.amqp_url)
    async with AsyncExitStack() as stack:
        database = await Database.connect(url, SERVICE, 6)
        stack.push_async_callback(database.close)
        await connection.execute(trouble.begin.format(name))
        try:
            if trouble.anew:
                await apart(connection)
            small, before = Small(database, rabbitmq.amqp_url), counted(trouble.kind)
            where = await stack.enter_async_context(small.running())
            http = await stack.enter_async_context(ClientSession())
            taking = asyncio.create_task(small.inbox.take([delivery(verified())]))
            async with http.post(where) as response:
                assert 503 == response.status
                assert "5" == response.headers["Retry-After"]
                told = await response.text()
                assert "Traceback" not in told
                assert len(told) < 400
            await eventually(lambda: _more(trouble.kind, before + 3), True)
            assert not small.tasks.died.is_set()
        finally:
            await connection.execute(trouble.end.format(name))
            if trouble.anew:
                await apart(connection)
        await eventually(lambda: _published(database), True)
        await asyncio.wait_for(taking, 60)
        await eventually(lambda: _effects(connection), {"inbox": 1, "job": 1})
        await eventually(lambda: connection.fetchval("SELECT count(*) FROM outbox"), 0)
        async with http.post(where) as response:
            assert 200 == response.status
        attempts = await connection.fetch("SELECT attempts FROM inbox_pending")
        assert [] == attempts
        assert "ok" == small.schedule.state()


async def _more(kind: str, least: float) -> bool:
    return counted(kind) >= least


async def _published(database: Database) -> bool:
    # Also the test's own connection may be one that was cut.
    try:
        async with database.transaction() as conn:
            await outbox.publish(conn, SCORE)
    except faults.PASSING:
        return False
    return True


async def _effects(connection: asyncpg.Connection) -> dict[str, int]:
    rows = await connection.fetch("SELECT part, count(*) FROM effects GROUP BY part")
    return {row["part"]: row["count"] for row in rows}
