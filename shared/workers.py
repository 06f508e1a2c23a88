"""Several processes of a service on one port, and one that stands before them.

    run ──fork──▶ workers 1 … N: each the whole service; all listen on one port (SO_REUSEPORT)
      └─▶ supervisor: the ops port for all, their lines on one stderr, SIGTERM to all;
          the death of one that nobody asked for ends all, as a task's death ends a process

They are forked before there is any loop, thread or connection. What kills the supervisor kills them
too, so that they end together as one process would.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from shared.config import Settings
from shared.errors import Misconfigured
from shared.observe import log
from shared.web.listening import listen
from shared.web.ops import Answer, whole_app

LOOPBACK = "127.0.0.1"
# As long as a worker may look for its database.
PATIENCE = ClientTimeout(total=8)
_PR_SET_PDEATHSIG = 1
_AS_ASKED = (0, -signal.SIGTERM)
_MISCONFIGURED = 2

Live = Callable[[socket.socket | None], None]


@dataclass
class Worker:
    """One of them, as the supervisor knows it: where its ops page is, where it writes, its end."""

    number: int
    pid: int
    ops: int
    lines: int
    code: int | None = None
    _begun: bytes = b""

    def pass_on(self) -> bool:
        """Its words, in whole lines, or those of several would mix. False at its end."""
        said = os.read(self.lines, 65536)
        whole, end, self._begun = (self._begun + said).rpartition(b"\n")
        _write(whole + end)
        return bool(said)

    def pass_rest(self) -> None:
        """What is left when it has ended."""
        os.set_blocking(self.lines, False)
        with suppress(BlockingIOError):
            while self.pass_on():
                pass
        _write(self._begun)
        self._begun = b""


def _write(said: bytes) -> None:
    sys.stderr.buffer.write(said)
    sys.stderr.buffer.flush()


def run(settings: Settings, live: Live) -> None:
    """`live` here, or in each of so many workers, which get a socket for their ops page.

    It raises what `live` raises; before workers it ends with their exit code.
    """
    if settings.workers == 1:
        live(None)
        return
    supervisor, workers = os.getpid(), list[Worker]()
    for number in range(1, settings.workers + 1):
        ops, (lines, stderr) = socket.create_server((LOOPBACK, 0)), os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(number, supervisor, stderr, [lines, *(one.lines for one in workers)])
            live(ops)
            return
        workers.append(Worker(number, pid, ops.getsockname()[1], lines))
        ops.close()
        os.close(stderr)
    sys.exit(asyncio.run(Supervisor(workers).watch(settings)))


def _become(number: int, supervisor: int, stderr: int, not_ours: Sequence[int]) -> None:
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL):
        raise OSError("a worker would outlive its supervisor")
    if os.getppid() != supervisor:
        os.kill(os.getpid(), signal.SIGKILL)
    os.dup2(stderr, sys.stderr.fileno())
    for descriptor in (stderr, *not_ours):
        os.close(descriptor)
    structlog.contextvars.bind_contextvars(worker=number)


class Supervisor:
    """Watches workers and speaks for them; it does nothing of their work."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers
        self._asked = False
        self._over, self._gone = asyncio.Event(), asyncio.Event()

    async def watch(self, settings: Settings) -> int:
        """Until the last one has ended; the exit code of all. Misconfigured if it cannot listen."""
        self._hear(asyncio.get_running_loop())
        async with ClientSession(timeout=PATIENCE) as http:
            app = whole_app(partial(self._ask, http))
            try:
                page = await listen(app, settings.ops_host, settings.ops_port)
            except Misconfigured:
                await self._end()
                raise
            await self._over.wait()
            await self._end()
            await page.cleanup()
        return self.code

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for one in self._workers:
            loop.add_reader(one.lines, self._listen_to, loop, one)
        self._reap()  # who ended before anybody heard

    def _listen_to(self, loop: asyncio.AbstractEventLoop, one: Worker) -> None:
        if not one.pass_on():
            loop.remove_reader(one.lines)

    def stop(self) -> None:
        """Somebody asks for the end."""
        self._asked = True
        self._over.set()

    def _reap(self) -> None:
        ended = [one for one in self._workers if one.code is None and _has_ended(one)]
        for one in ended:
            if one.code != _MISCONFIGURED and not (self._over.is_set() and one.code in _AS_ASKED):
                log.get().critical("worker died", worker=one.number, reason=_how(one.code))
        if ended:
            self._over.set()
        if all(one.code is not None for one in self._workers):
            self._gone.set()

    async def _end(self) -> None:
        self._over.set()
        for one in self._workers:
            if one.code is None:
                os.kill(one.pid, signal.SIGTERM)
        await self._gone.wait()
        for one in self._workers:
            one.pass_rest()

    @property
    def code(self) -> int:
        """As a process alone would end: 2 on settings, 1 on a defect."""
        codes = {one.code for one in self._workers}
        if _MISCONFIGURED in codes:
            return _MISCONFIGURED
        return 0 if self._asked and codes <= set(_AS_ASKED) else 1

    async def _ask(self, http: ClientSession, path: str) -> list[Answer]:
        return await asyncio.gather(*(_asked(http, one, path) for one in self._workers))


def _has_ended(one: Worker) -> bool:
    pid, status = os.waitpid(one.pid, os.WNOHANG)
    if pid:
        one.code = os.waitstatus_to_exitcode(status)
    return pid != 0


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


async def _asked(http: ClientSession, one: Worker, path: str) -> Answer:
    try:
        async with http.get(f"http://{LOOPBACK}:{one.ops}{path}") as response:
            return Answer(response.status, await response.text())
    except (ClientError, OSError, TimeoutError):
        return Answer()
