"""The launcher: one for a data folder, one database a service, and one screen to read."""

import asyncio
import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local import Ports, Postgres, free_port
from deploy.local import databases as prepared
from deploy.local.databases import database_of, make_databases, url_for
from deploy.local.folder import take_folder
from deploy.local.keys import Keys
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from deploy.local.stack import Stack
from shared import budget
from shared.flows import SERVICES
from tests.conftest import leashed

PASSWORD = "shown on the screen"
EXPORTED = "of whoever starts it"


def test_a_folder_has_one_launcher(tmp_path: Path) -> None:
    """The second one is told which process has it; after the first has gone it may."""
    with take_folder(tmp_path), pytest.raises(StartError, match=r"already running on .* \(process"):
        take_folder(tmp_path)
    take_folder(tmp_path).close()


async def test_a_service_enters_only_its_own_database(tmp_path: Path) -> None:
    """Its role owns nothing, and the other databases refuse it."""
    keys = Keys()
    async with Postgres(tmp_path, free_port(), fsync=False) as server:
        await make_databases(server.admin_url, keys)
        await make_databases(server.admin_url, keys)
        user, password = database_of("rewards"), keys.password_of("rewards")
        own = await asyncpg.connect(url_for(server.admin_url, user, user, password))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute("CREATE TABLE mine ()")
        await own.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url_for(server.admin_url, database_of("intake"), user, password))


async def test_two_instances_of_everything_fit_and_one_that_runs_wild_harms_nobody(
    tmp_path: Path,
) -> None:
    """All ten pools full, an administrator still gets in; a log-in's limit spares the others."""
    keys, pool, instances = Keys(), 10, 2
    async with Postgres(tmp_path, free_port(), fsync=False) as server, AsyncExitStack() as stack:
        await make_databases(server.admin_url, keys)

        async def enter(service: str) -> asyncpg.Connection:
            name = database_of(service)
            url = url_for(server.admin_url, name, name, keys.password_of(service))
            opened = await asyncpg.connect(url)
            stack.push_async_callback(opened.close)
            return opened

        for service in SERVICES:
            conn = (await asyncio.gather(*(enter(service) for _ in range(pool * instances))))[0]
            limits = await budget.get_limits(conn)
            assert (len(SERVICES), "") == (
                limits.limited, budget.overdrawn(limits, pool, instances),
            )  # fmt: skip
        wild = limits.role - pool * instances
        await asyncio.gather(*(enter("intake") for _ in range(wild)))
        with pytest.raises(asyncpg.TooManyConnectionsError):
            await enter("intake")
        await enter("rewards")
        admin = await asyncpg.connect(server.admin_url)
        await admin.close()


async def test_a_prepared_server_is_not_asked_again(tmp_path: Path) -> None:
    """The mark spares a second start the whole of the migrations."""
    keys, mark = Keys(), tmp_path / "mark"
    mark.write_text(prepared.fingerprint(keys))
    assert not await prepared.prepare("postgresql://127.0.0.1:1/nowhere", keys, mark)


async def test_another_server_is_taken_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_URL and AMQP_URL take the private servers' place, each service with its log-in."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:x@db.example/postgres")
    monkeypatch.setenv("AMQP_URL", "amqp://u:p@mq.example/")
    stack = Stack(tmp_path, Ports.free())
    env = stack.env("scoring")
    password = stack.keys.password_of("scoring")
    assert (None, None) == (stack.postgres, stack.rabbitmq)
    assert (
        f"postgresql://mashang_scoring:{password}@db.example/mashang_scoring",
        "amqp://u:p@mq.example/",
    ) == (env["DATABASE_URL"], env["AMQP_URL"])


class Run:
    """`make run` as a process of its own, in a folder of its own, until it says that it is up."""

    def __init__(self, data: Path) -> None:
        ports = {f"MASHANG_PORT_{n.upper()}": str(p) for n, p in Ports.free().numbers.items()}
        mine = {"MASHANG_DATA": str(data), "MASHANG_DEMO_PASSWORD": PASSWORD, "COLUMNS": "200"}
        mine |= {"PGPASSWORD": EXPORTED, "MASHANG_BROKER_PASSWORD_INTAKE": EXPORTED}
        hidden = ("DATABASE_URL", "AMQP_URL")
        env = {k: v for k, v in os.environ.items() if k not in hidden}
        self.ports = ports
        self.data = data
        self._process = subprocess.Popen(
            leashed("-m", "deploy.local"), cwd=ROOT, env=env | ports | mine, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.screen: list[str] = []

    @property
    def pid(self) -> int:
        """The launcher."""
        return self._process.pid

    def until_up(self) -> None:
        """Read the screen up to the last step."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.screen.append(line.rstrip("\n"))
            if "Ctrl-C" in line:
                return
        pytest.fail("\n".join(self.screen))

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        rest, _ = self._process.communicate(timeout=60)
        self.screen += rest.splitlines()
        return self._process.returncode


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The one real start of this module, ended in an orderly way."""
    started = Run(tmp_path_factory.mktemp("run") / "data")
    try:
        started.until_up()
        yield started
    finally:
        code = started.end()
    assert (0, True) == (code, "everything has stopped" in started.screen[-1])


@pytest.mark.timeout(240)
def test_make_run_fits_one_screen(run: Run) -> None:
    """Addresses, log-ins, the first complaint's way and the code, and nothing else."""
    text = "\n".join(run.screen)
    addresses = [f":{run.ports[f'MASHANG_PORT_{name.upper()}']}" for name in SERVICES]
    steps = ["receipt ", "reward paid", "message thanks delivered", "/w/", "/r/"]
    assert [] == [word for word in (*addresses, *steps, PASSWORD, "city1") if word not in text]
    assert [] == [line for line in run.screen if line.startswith(("{", "Traceback"))]
    assert any("▄" in line for line in run.screen)
    assert 60 >= len(run.screen)


def test_the_logs_are_in_private_files(run: Run) -> None:
    """Every service's JSON lines are below `logs`, for the owner only."""
    for name in SERVICES:
        path = run.data / "logs" / f"{name}.log"
        first = json.loads(path.read_text("utf-8").splitlines()[0])
        assert (name, 0o600) == (first["service"], stat.S_IMODE(path.stat().st_mode))


def test_everything_in_the_folder_is_its_owners(run: Run) -> None:
    """Logs, books, tables, lists of passwords: no file and no folder is open to anybody else."""
    paths = [run.data, *run.data.rglob("*")]
    assert [] == [path for path in paths if not path.is_symlink() and path.stat().st_mode & 0o077]
    assert len(paths) > 100


def test_no_process_has_a_password_that_it_does_not_need(run: Run) -> None:
    """Not the caller's, and of ours only its own: read from the processes' own environments."""
    kept = Keys.read(run.data / "secrets.json")
    secrets = {str(value) for value in kept.model_dump().values()} | {PASSWORD, EXPORTED}
    owners = {kept.password_of(name): name for name in SERVICES}
    owners |= {kept.broker_password_of(name): name for name in SERVICES}
    for process in psutil.Process(run.pid).children(recursive=True):
        words, told = " ".join(process.cmdline()), " ".join(process.environ().values())
        own = next((name for name in SERVICES if f"services.{name}" in words), "")
        assert [] == [s for s in owners if s in told and owners[s] != own], words
        assert [] == [s for s in (PASSWORD, EXPORTED, kept.owner_password) if s in told], words
        if not own and "deploy.sandbox" not in words:
            assert [] == [secret for secret in secrets if secret in told], words
        assert [] == [secret for secret in (*secrets, *owners) if secret in words], words


def test_the_commands_find_the_services_environments(run: Run) -> None:
    """Each file holds what its service is told, without the caller's own variables."""
    told = (run.data / "env" / "scoring.env").read_text("utf-8")
    names = [line.partition("=")[0] for line in told.splitlines()]
    assert {"DATABASE_URL", "AMQP_URL"} < set(names)
    assert [] == [name for name in names if "SEAL" in name or name == "PATH"]
    files = list((run.data / "env").iterdir())
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
