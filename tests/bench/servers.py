"""The servers below the benchmarks: private, on free ports, truly durable, gone at the end."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from deploy.local import databases
from deploy.local.account import POINTER
from deploy.local.ending import ending
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.process import Process, StartError
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import ROOT, service_env
from shared import migrate
from tests.bench.rounds import Say

GIVE_UP = 120.0


@dataclass(frozen=True)
class Lab:
    """One PostgreSQL, one RabbitMQ, and what it takes to run a service on them."""

    data: Path
    ports: Ports
    keys: Keys
    postgres: Postgres
    rabbitmq: RabbitMQ
    say: Say
    workers: int = 1
    _migrated: set[str] = field(default_factory=set)

    async def database(self, service: str) -> str:
        """The URL of a service's own role on its own, migrated database."""
        if service not in self._migrated:
            await migrate.migrate(service, self.owner_url(service))
            self._migrated.add(service)
        return self._url(service, databases.database_of(service), self.keys.password_of(service))

    def owner_url(self, service: str) -> str:
        """The same database as its owner, who may truncate."""
        return self._url(service, databases.OWNER, self.keys.owner_password)

    async def truncate(self, service: str, *tables: str) -> None:
        """Empty tables of a service, as their owner."""
        owner = await asyncpg.connect(self.owner_url(service))
        await owner.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        await owner.close()

    def _url(self, service: str, user: str, password: str) -> str:
        name = databases.database_of(service)
        return databases.url_for(self.postgres.admin_url, name, user, password)

    async def env(self, service: str) -> dict[str, str]:
        """The complete environment of a service's process; intake has so many workers."""
        url = await self.database(service)
        env = service_env(
            service,
            ports=self.ports,
            keys=self.keys,
            database_url=url,
            amqp_url=self.rabbitmq.amqp_url,
        )
        return env | ({"MASHANG_WORKERS": str(self.workers)} if service == "intake" else {})

    def child(self, name: str, *command: str, env: Mapping[str, str]) -> Process:
        """A command that dies with us; its words go to a file, from the beginning."""
        self._log(name).unlink(missing_ok=True)
        return Process(name, command, env=env, cwd=ROOT, output=self._log(name), restart=False)

    def module(self, name: str, *arguments: str, env: Mapping[str, str]) -> Process:
        """A Python module as such a child."""
        return self.child(name, sys.executable, "-m", *arguments, env=env)

    async def finish(self, process: Process, within: float = GIVE_UP) -> None:
        """Run a child to its end. StartError unless it exits 0 in time."""
        await process.start()
        try:
            async with asyncio.timeout(within):
                while not process.ended:  # noqa: ASYNC110  it has no event for it
                    await asyncio.sleep(0.02)
        except TimeoutError:
            last = self.last_line(process)
            raise StartError(f"{process.name} was not done after {within:g} s: {last}") from None
        finally:
            await process.stop()
        if process.exit_code:
            raise StartError(
                f"{process.name} {ending(process.exit_code)}: {self.last_line(process)}"
            )

    def last_line(self, process: Process) -> str:
        """Where a child's result stands, or its excuse."""
        return self.output(process).strip().rpartition("\n")[2]

    def output(self, process: Process) -> str:
        """All that a child wrote."""
        return self._log(process.name).read_text(errors="replace")

    def _log(self, name: str) -> Path:
        return self.data / f"{name}.log"


@asynccontextmanager
async def lab(parent: Path, say: Say, workers: int = 1) -> AsyncIterator[Lab]:
    """Start both servers below `parent`, on the disk that real data would lie on."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="bench-", dir=parent) as name:
        data, ports, keys = Path(name), Ports.free(), Keys()
        say("starting PostgreSQL (fsync on) and RabbitMQ")
        try:
            async with (
                Postgres(data / "postgres", ports["postgres"]) as postgres,
                RabbitMQ(data / "rabbitmq", ports["rabbitmq"]) as rabbitmq,
            ):
                await databases.make_databases(postgres.admin_url, keys)
                yield Lab(data, ports, keys, postgres, rabbitmq, say, workers)
        finally:
            remove_moved(data / "postgres" / POINTER)


def remove_moved(pointer: Path) -> None:
    """Where PostgreSQL may not run as root, its data lies elsewhere; a file tells where."""
    if pointer.exists():
        shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)
