"""The whole system on one machine: servers, databases, five services, the vendors' sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Self

from deploy.local import databases, envfiles
from deploy.local.console import Console
from deploy.local.folder import private_folder, take_folder
from deploy.local.keys import Keys
from deploy.local.logs import LogFile
from deploy.local.ports import PortError, Ports
from deploy.local.postgres import Postgres
from deploy.local.process import Process, Sink, StartError
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.readiness import until_ready
from deploy.local.settings import ROOT, SANDBOX, SERVICES, sandbox_env, service_env, url_of
from shared.bus import broker

PORT_PATIENCE = 3.0


class Stack:
    """Everything, started by `async with` and drained at its end.

    `DATABASE_URL` (an administrator's) and `AMQP_URL` in the environment take the place of the
    private servers. With `restart` what dies is started again; with `quiet` nothing is printed.
    What the services write goes to files below `data/logs` in any case.
    """

    def __init__(
        self,
        data: Path,
        ports: Ports,
        *,
        sandbox: bool = True,
        fsync: bool = True,
        quiet: bool = False,
        restart: bool = True,
    ) -> None:
        self.data = data.absolute()
        self.ports = ports
        self.console = Console(quiet=quiet)
        self.processes: dict[str, Process] = {}
        self.urls = {name: url_of(getattr(ports, name)) for name in (*SERVICES, SANDBOX)}
        self.ops_urls = {name: url_of(getattr(ports, f"ops_{name}")) for name in SERVICES}
        self.postgres: Postgres | None = None
        self.rabbitmq: RabbitMQ | None = None
        self._sandbox = sandbox
        self._restart = restart
        self._lock: IO[str] | None = None
        self._keys: Keys | None = None
        if not os.environ.get("DATABASE_URL"):
            note = self.console.speaker("postgres")
            self.postgres = Postgres(
                self.data / "postgres", ports.postgres, fsync=fsync, restart=restart, note=note
            )
        if not os.environ.get("AMQP_URL"):
            note = self.console.speaker("rabbitmq")
            self.rabbitmq = RabbitMQ(
                self.data / "rabbitmq",
                ports.rabbitmq,
                passwords={name: self.keys.broker_password_of(name) for name in SERVICES},
                restart=restart,
                note=note,
            )

    @property
    def keys(self) -> Keys:
        """The installation's secrets, the demo's password among them."""
        if self._keys is None:
            self._keys = Keys.of(private_folder(self.data))
        return self._keys

    @property
    def admin_url(self) -> str:
        """The administrator's connection to PostgreSQL."""
        return self.postgres.admin_url if self.postgres else os.environ["DATABASE_URL"]

    def amqp_url(self, service: str) -> str:
        """The service's own log-in at our broker; somebody else's has one for all."""
        return self.rabbitmq.url_of(service) if self.rabbitmq else os.environ["AMQP_URL"]

    def database_url(self, service: str) -> str:
        """The service's own connection to its own database."""
        name = databases.database_of(service)
        return databases.url_for(self.admin_url, name, name, self.keys.password_of(service))

    def env(self, service: str) -> dict[str, str]:
        """The complete environment of one service, or of the sandbox."""
        if service == SANDBOX:
            return sandbox_env(self.ports, self.keys)
        return service_env(
            service,
            ports=self.ports,
            keys=self.keys,
            database_url=self.database_url(service),
            amqp_url=self.amqp_url(service),
        )

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when every service is ready; StartError or PortError in one line otherwise."""
        self._lock = take_folder(self.data)
        self._write_environments()
        await self._await_ports()
        async with started_together() as tasks:
            tasks.create_task(self._start_broker())
            tasks.create_task(self._start_services())
        self.console.everything_is_up()

    async def stop(self) -> None:
        """Drain the services, then the sandbox, then broker and database. Safe to repeat."""
        services = [self.processes[name] for name in SERVICES if name in self.processes]
        await asyncio.gather(*(process.stop() for process in services))
        if SANDBOX in self.processes:
            await self.processes[SANDBOX].stop()
        servers = [server for server in (self.rabbitmq, self.postgres) if server]
        await asyncio.gather(*(server.stop() for server in servers))
        if self._lock:
            self._lock.close()
            self._lock = None

    async def kill(self, name: str) -> None:
        """SIGKILL a service, `sandbox`, `postgres` or `rabbitmq`; supervision starts it again."""
        servers = {"postgres": self.postgres, "rabbitmq": self.rabbitmq}
        target = self.processes.get(name) or servers.get(name)
        if target is None:
            raise KeyError(f"no process of ours is called {name}")
        await target.kill()

    async def until_back(self, name: str) -> None:
        """Wait until what was killed is up again."""
        servers = {"postgres": self.postgres, "rabbitmq": self.rabbitmq}
        if server := servers.get(name):
            await server.until_ready()
        else:
            await self.until_ready(name)

    async def until_ready(self, *names: str) -> None:
        """Wait until these processes (all without a name) answer that they are ready."""
        wanted = names or tuple(self.processes)
        await asyncio.gather(
            *(until_ready(self.processes[name], self._ready_url(name)) for name in wanted)
        )

    def _ready_url(self, name: str) -> str:
        ready = "/admin/faults" if name == SANDBOX else "/readyz"
        return (self.ops_urls.get(name) or self.urls[name]) + ready

    def _write_environments(self) -> None:
        for name in SERVICES:
            envfiles.write(self.data / "env", name, self.env(name))
        administrator = self.rabbitmq.amqp_url if self.rabbitmq else os.environ["AMQP_URL"]
        envfiles.write(self.data / "env", "broker", {"AMQP_URL": administrator})

    async def _await_ports(self) -> None:
        """What a killed launcher left behind needs a moment to go."""
        skip = [name for name in ("postgres", "rabbitmq") if getattr(self, name) is None]
        skip += [] if self._sandbox else [SANDBOX]
        for _ in range(int(PORT_PATIENCE / 0.1)):
            with contextlib.suppress(PortError):
                return self.ports.check_free(skip=tuple(skip))
            await asyncio.sleep(0.1)
        return self.ports.check_free(skip=tuple(skip))

    async def _start_broker(self) -> None:
        if self.rabbitmq:
            self.console.step("starting RabbitMQ")
            await self.rabbitmq.start()
            self.console.step(f"RabbitMQ is ready on port {self.ports.rabbitmq}")
        else:
            await declare_at(os.environ["AMQP_URL"])

    async def _start_services(self) -> None:
        if self.postgres:
            self.console.step("starting PostgreSQL")
            await self.postgres.start()
            self.console.step(f"PostgreSQL is ready on port {self.ports.postgres}")
        await self._prepare_databases()
        if self._sandbox:
            folder = private_folder(self.data / SANDBOX)
            where = ("--port", str(self.ports.sandbox), "--data", str(folder))
            await self._launch(SANDBOX, "deploy.sandbox", *where)
        for name in SERVICES:
            await self._launch(name, f"services.{name}")
        await self.until_ready()
        self.console.step(f"ready: {', '.join(self.processes)}")

    async def _prepare_databases(self) -> None:
        mark = self.data / "postgres" / databases.MARK if self.postgres else None
        self.console.step("checking the five databases and their migrations")
        if await databases.prepare(self.admin_url, self.keys, mark):
            self.console.step("the databases are migrated")

    async def _launch(self, name: str, module: str, *arguments: str) -> None:
        process = Process(
            name,
            [sys.executable, "-m", module, *arguments],
            env=self.env(name),
            cwd=ROOT,
            output=self._output(name),
            note=self.console.speaker(name),
            restart=self._restart,
        )
        self.processes[name] = process
        await process.start()

    def _output(self, name: str) -> Sink:
        keep = LogFile(private_folder(self.data / "logs") / f"{name}.log")
        watch = self.console.watcher(name)

        def both(line: str) -> None:
            keep(line)
            watch(line)

        return both


async def declare_at(url: str) -> None:
    """Exchange, queues and bindings at a broker of somebody else's."""
    try:
        await broker.set_up(url)
    except broker.AWAY as problem:
        raise StartError(f"AMQP_URL: the queues cannot be declared: {problem!r}") from None


@contextlib.asynccontextmanager
async def started_together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure comes out alone, as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
