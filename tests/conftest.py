"""Real servers for the tests: one private PostgreSQL and RabbitMQ a run, on free ports.

A test module that needs a service's database says `SERVICE = "rewards"` and takes one of:
`conn`     a connection as the service's role, in a transaction that is rolled back (fast)
`database` a Database of its own, cloned from the migrated template (for relay, inbox, jobs)

Hypothesis draws the same examples every time (`ci`), so that a test never fails by chance.
`make fuzz` draws others, many more (`fuzz`); its seed alone decides which.
"""

import asyncio
import gc
import itertools
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from jinja2 import FileSystemBytecodeCache

from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from shared import migrate
from shared.db import Connection, Database
from shared.flows import SERVICES
from shared.observe import log
from shared.values import lots
from shared.web import pages
from tests import memory

ROOT = Path(__file__).parents[1]
PASSWORD = "test"
# In memory half as long as by way of the log.
_COPIED = "STRATEGY file_copy"
_IN_MEMORY = pytest.StashKey[Path | None]()
_LOT = lots.lot
_numbers = itertools.count(1)
# The longest files first, so that none of them is left over when all others are done.
_FOLDERS = ("e2e", "browser", "integration", "contract", "unit")

# How long something took says nothing here: the machine is shared.
_PATIENT: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile("ci", derandomize=True, max_examples=100, **_PATIENT)
settings.register_profile("fuzz", database=None, max_examples=5000, print_blob=True, **_PATIENT)
# Where only the fact of a failure counts (tests/defects), not its smallest example.
settings.register_profile(
    "defects", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("ci")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The files of a run lie in memory, where there is enough; workers get theirs below it."""
    if config.option.basetemp is None:
        config.option.basetemp = config.stash[_IN_MEMORY] = memory.folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing stays there."""
    if in_memory := config.stash.get(_IN_MEMORY, None):
        shutil.rmtree(in_memory, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folder by folder; inside one, in the order of its files."""
    ranks = {ROOT / "tests" / folder: rank for rank, folder in enumerate(_FOLDERS)}
    items.sort(key=lambda item: ranks.get(item.path.parent, len(ranks)))


def pytest_collection_finish() -> None:
    """What was imported lives as long as the run; to look at it again and again finds nothing."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is done in part; `make flood` sends it all, `make cuts` cuts everywhere."""
    parser.addoption("--flood", type=int, default=1000, help="submissions of one source")
    parser.addoption("--cuts", type=int, default=4, help="one in so many sayings is cut off")


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """Children hear Ctrl-C, also those of a background job, whose shell has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    log.configure("test")


@pytest.fixture(autouse=True)
def _logs_restored(_logs: None) -> Iterator[None]:
    """A command run inside a test leaves the log on that test's captured, then closed, stderr."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled once a run: thousands of services are opened, and each would do it again."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        made = partial(pages._Environment, bytecode_cache=kept)
        patch.setattr(pages, "_Environment", made)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_sample() -> Iterator[None]:
    """Chance asks for no second look at a verdict."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lots, "lot", lambda *_: 99)
        yield


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test is about it."""
    monkeypatch.setattr(lots, "lot", _LOT)


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A PostgreSQL that may lose data in a power cut, and is otherwise real."""
    data = tmp_path_factory.mktemp("postgres")
    async with Postgres(data, free_port(), fsync=False) as server:
        # Thousands of connections, each of which would take 10 ms to prove that it knows a word.
        login = urlsplit(server.admin_url)
        await _sql(
            server,
            "ALTER SYSTEM SET scram_iterations = 1",
            "SELECT pg_reload_conf()",
            "SET scram_iterations = 1",
            f"ALTER ROLE {login.username} PASSWORD '{login.password}'",
        )
        yield server


@pytest.fixture(scope="session")
async def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitMQ]:
    """A RabbitMQ of our own."""
    data: Path = tmp_path_factory.mktemp("rabbitmq")
    async with RabbitMQ(data, free_port()) as server:
        yield server


async def _sql(server: Postgres, *statements: str) -> None:
    admin = await asyncpg.connect(server.admin_url)
    for statement in statements:
        await admin.execute(statement)
    await admin.close()


@pytest.fixture(scope="session")
async def templates(postgres: Postgres) -> Postgres:
    """Every service's role and migrated template database."""
    for service in SERVICES:
        await _sql(
            postgres,
            f"CREATE ROLE mashang_{service} LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE DATABASE {service}_template",
        )
        await migrate.migrate(service, postgres.url(f"{service}_template"))
    return postgres


Clone = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def _cloning(templates: Postgres) -> AsyncIterator[Clone]:
    names: list[str] = []

    async def make(service: str) -> str:
        name = f"{service}_{next(_numbers)}"
        await _sql(templates, f"CREATE DATABASE {name} TEMPLATE {service}_template {_COPIED}")
        names.append(name)
        return templates.url(name, f"mashang_{service}", PASSWORD)

    yield make
    await _sql(templates, *(f"DROP DATABASE {name} WITH (FORCE)" for name in names))


@pytest.fixture
async def clone(templates: Postgres) -> AsyncIterator[Clone]:
    """Clones a service's template; gives the URL for the service's own role."""
    async with _cloning(templates) as make:
        yield make


@pytest.fixture(scope="module")
async def module_clone(templates: Postgres) -> AsyncIterator[Clone]:
    """The same, for databases that a whole module works on."""
    async with _cloning(templates) as make:
        yield make


@pytest.fixture
async def database(request: pytest.FixtureRequest, clone: Clone) -> AsyncIterator[Database]:
    """A database of its own for the module's SERVICE."""
    service: str = request.module.SERVICE
    opened = await Database.connect(await clone(service), service)
    yield opened
    await opened.close()


@asynccontextmanager
async def owning(templates: Postgres, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection of whom the database belongs to, who may move its clock."""
    async with database.acquire() as conn:
        name = await conn.fetchval("SELECT current_database()")
    opened = await asyncpg.connect(templates.url(name))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def owner(database: Database, templates: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """Who may move the clock of the test's database."""
    async with owning(templates, database) as opened:
        yield opened


@pytest.fixture(scope="session")
async def _pools(templates: Postgres) -> AsyncIterator[dict[str, Database]]:
    pools: dict[str, Database] = {}
    yield pools
    for pool in pools.values():
        await pool.close()


@pytest.fixture
async def conn(
    request: pytest.FixtureRequest, templates: Postgres, _pools: dict[str, Database]
) -> AsyncIterator[Connection]:
    """A connection for the module's SERVICE whose transaction is rolled back."""
    service: str = request.module.SERVICE
    if service not in _pools:
        # Not the template itself: one that somebody is connected to cannot be cloned.
        name = f"{service}_rolled"
        await _sql(templates, f"CREATE DATABASE {name} TEMPLATE {service}_template {_COPIED}")
        url = templates.url(name, f"mashang_{service}", PASSWORD)
        _pools[service] = await Database.connect(url, service)
    async with _pools[service].acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            yield connection
        finally:
            await transaction.rollback()


def leashed(*arguments: str) -> list[str]:
    """A Python command whose process ends with this test run, also when that is killed."""
    return leash(sys.executable, *arguments)


def leash(*command: str) -> list[str]:
    """The same for any program."""
    child = ROOT / "deploy" / "local" / "child.py"
    held = (str(os.getpid()), str(int(signal.SIGKILL)), "-", "--")
    return [sys.executable, "-I", "-S", str(child), *held, *command]


async def eventually(
    probe: Callable[[], Awaitable[object]], wanted: object, within: float = 60
) -> None:
    """Ask again until the answer is `wanted`; fail with the last answer after `within` seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while (found := await probe()) != wanted:
        if asyncio.get_running_loop().time() > deadline:
            assert wanted == found
        await asyncio.sleep(0.02)
