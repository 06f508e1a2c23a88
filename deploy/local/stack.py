"""The whole system on one machine: servers, databases, services, the vendors' sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from deploy.local import databases
from deploy.local.console import Console
from deploy.local.folder import private_folder, take_folder
from deploy.local.installation import Installation
from deploy.local.logs import LogFile
from deploy.local.ports import PortError, Ports
from deploy.local.process import Process, Sink, StartError
from deploy.local.readiness import until_ready
from deploy.local.running import Running
from deploy.local.settings import ROOT, SANDBOX
from shared.bus import broker
from shared.flows import SERVICES

PORT_PATIENCE = 3.0


class Stack(Running, Installation):
    """Everything, started by `async with` and drained at its end.

    With `restart` what dies is started again; with `quiet` nothing is printed. What the services
    write goes to files below `data/logs` in any case.
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
        super().__init__(data, ports, Console(quiet=quiet), fsync=fsync, restart=restart)
        self.processes: dict[str, Process] = {}
        self._sandbox = sandbox
        self._restart = restart
        self._lock: IO[str] | None = None

    async def start(self) -> None:
        """Return when every service is ready; StartError or PortError in one line otherwise."""
        self._lock = take_folder(self.data)
        self.write_environments()
        self.write_targets()
        await self._await_ports()
        async with started_together() as tasks:
            tasks.create_task(self._start_broker())
            tasks.create_task(self._start_services())
        self.console.everything_is_up()

    async def stop(self) -> None:
        """Drain the services, then the sandbox, then broker and database. Safe to repeat."""
        services = [process for name, process in self.processes.items() if name != SANDBOX]
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
            self.console.step(f"RabbitMQ is ready on port {self.ports['rabbitmq']}")
        else:
            await declare_at(self.broker_url)

    async def _start_services(self) -> None:
        if self.postgres:
            self.console.step("starting PostgreSQL")
            await self.postgres.start()
            self.console.step(f"PostgreSQL is ready on port {self.ports['postgres']}")
        await self._prepare_databases()
        if self._sandbox:
            folder = private_folder(self.data / SANDBOX)
            where = ("--port", str(self.ports["sandbox"]), "--data", str(folder))
            await self._launch(SANDBOX, "deploy.sandbox", *where)
        for service in SERVICES:
            for name in self.instances[service]:
                await self._launch(name, f"services.{service}")
        await self.until_ready()
        self.console.step(f"ready: {', '.join(self.processes)}")

    async def _prepare_databases(self) -> None:
        mark = self.data / "postgres" / databases.MARK if self.postgres else None
        self.console.step("checking the databases and their migrations")
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
    except (*broker.AWAY, ValueError) as problem:
        raise StartError(f"AMQP_URL: the queues cannot be declared: {problem!r}") from None


@contextlib.asynccontextmanager
async def started_together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure comes out alone, as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
