"""A private RabbitMQ: its own node, ports, cookie and name server, loopback only.

The distribution's server program is run directly, past its service scripts, so another broker on
this machine neither notices nor disturbs it. Erlang's name server (epmd) is a child of ours too:
left to itself, Erlang would start one that outlives everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiormq

from deploy.local.folder import private_file, private_folder
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.process import GRACE, Process, Sink, StartError
from deploy.local.rabbitmq_settings import (
    USER,
    cookie_of,
    environment,
    node_name,
    write_files,
)
from deploy.local.running import Running
from deploy.local.tail import tail
from shared.bus import broker, rights

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
READY_WITHIN = 90.0


class RabbitMQ(Running):
    """One node. Its queues survive `kill`; with `restart` it is started again by itself.

    `passwords` names the services that get a log-in of their own, each with its password. One that
    `joins` another, which runs, makes a cluster with it; queues stand on as many nodes as there are
    when one `declares` them.
    """

    def __init__(
        self,
        data: Path,
        port: int,
        *,
        passwords: Mapping[str, str] | None = None,
        restart: bool = False,
        note: Sink | None = None,
        joins: RabbitMQ | None = None,
        declares: bool = True,
    ) -> None:
        self._joins, self._declares = joins, declares
        self._names = 0
        self._passwords = dict(passwords or {})
        self.data = data.absolute()
        self.port = port
        self.log = self.data / "rabbitmq.log"
        self._restart = restart
        self._note = note
        self._epmd: Process | None = None
        self._node: Process | None = None
        self._ready = False

    async def start(self) -> None:
        """Return when every queue is there; StartError with the node's last words otherwise."""
        program = server_program()
        private_folder(self.data)
        peer = node_name(self._joins.data) if self._joins else ""
        write_files(self.data, self.port, self._password(), self.log, self._passwords, peer)
        if self._joins:
            self._names = self._join(self._joins)
        else:
            await self._start_names()
        env = environment(self.data, self._names, free_port())
        self._node = self._process("rabbitmq", [program, "-noinput"], env)
        await self._node.start()
        await self.until_ready()
        self._ready = True
        if self._declares:
            await broker.set_up(self.amqp_url)

    async def _start_names(self) -> None:
        """Ours lives through `kill`: nodes that joined know its port."""
        if self._epmd and self._epmd.pid:
            return
        self._names = free_port()
        listen = ("-address", LOOPBACK, "-port", str(self._names))
        env = environment(self.data, self._names, free_port())
        self._epmd = self._process("epmd", [epmd_program(), *listen], env)
        await self._epmd.start()
        await wait_for_port(self._names)

    def _join(self, other: RabbitMQ) -> int:
        """Know the other's nodes, and be found among them: at its name server."""
        if not cookie_of(self.data).exists():
            private_file(cookie_of(self.data), cookie_of(other.data).read_text())
        return other._names

    async def stop(self) -> None:
        """Orderly shutdown of the node, then of its name server."""
        if self._node:
            # Half-way through its boot it does not listen, and has confirmed nothing yet.
            await self._node.stop(grace=GRACE if self._ready else 0)
        if self._epmd:
            await self._epmd.stop()
        self._ready = False

    async def kill(self) -> None:
        """SIGKILL the Erlang machine and its helpers."""
        if self._node:
            await self._node.kill()

    @property
    def pid(self) -> int | None:
        """The Erlang machine's process id, None while it is down."""
        return self._node.pid if self._node else None

    @property
    def amqp_url(self) -> str:
        """The administrator's connection, password included."""
        return self._url(USER, self._password())

    def url_of(self, service: str) -> str:
        """A service's own connection. KeyError if it was given no password."""
        return self._url(rights.user_of(service), self._passwords[service])

    def _url(self, user: str, password: str) -> str:
        return f"amqp://{user}:{quote(password, safe='')}@{LOOPBACK}:{self.port}/"

    def _process(self, name: str, command: list[str], env: dict[str, str]) -> Process:
        return Process(
            name,
            command,
            env=env,
            cwd=self.data,
            output=self.data / "console.log",
            note=self._note,
            restart=self._restart,
            # In some moments of its boot the Erlang machine does not listen to SIGTERM.
            death_signal=signal.SIGKILL,
        )

    def _password(self) -> str:
        if self._joins:
            return self._joins._password()
        path = self.data / "password"
        if not path.exists():
            private_file(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    async def until_ready(self) -> None:
        """Wait until a client can sign in; StartError with the last words of the log if not."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._node and self._node.ended:
                break
            if await listens(self.port) and await signs_in(self.amqp_url):
                return
            await asyncio.sleep(0.1)
        log = self.data / "console.log"
        raise StartError(f"RabbitMQ did not start; {log} ends with: {tail(log)}")


def server_program() -> str:
    """The distribution's server, or the one that MASHANG_RABBITMQ_SERVER names."""
    program = os.environ.get("MASHANG_RABBITMQ_SERVER") or SERVER
    if not os.access(program, os.X_OK):
        raise StartError(
            f"{program} is missing: install RabbitMQ (Debian, Ubuntu: apt-get install "
            "rabbitmq-server) or set AMQP_URL to a running broker"
        )
    return program


def epmd_program() -> str:
    """Erlang's name server, on the path or beside the Erlang machine."""
    found = shutil.which("epmd")
    inside = sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd"))
    if not found and not inside:
        raise StartError("Erlang's epmd is missing; install RabbitMQ's dependencies again")
    return found or str(inside[-1])


async def wait_for_port(port: int) -> None:
    """Until something listens there; ten seconds are an age for a name server."""
    for _ in range(500):
        if await listens(port):
            return
        await asyncio.sleep(0.02)
    raise StartError(f"Erlang's name server does not answer on port {port}")


async def listens(port: int) -> bool:
    """Whether a connection is accepted."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def signs_in(url: str) -> bool:
    """Whether the broker takes our name and password."""
    try:
        async with asyncio.timeout(10):
            connection = await aiormq.connect(url)
            await connection.close()
    except (OSError, TimeoutError, aiormq.exceptions.AMQPError):
        return False
    return True
