"""One supervised child process: started, watched, started again, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from deploy.local import inherited
from deploy.local.ending import ending, exited
from deploy.local.family import descendants, kill_all
from deploy.local.logs import open_private, turn

CHILD = Path(__file__).with_name("child.py")
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0
STEADY = 30.0
GRACE = 15.0

Sink = Callable[[str], None]


class StartError(Exception):
    """Something did not start; the text is for a person."""


class Process:
    """A command that runs until `stop`, in its own session, and dies with its parent.

    `output` is called with each line, or names a file to append to. `before` runs ahead of every
    start. Without `env` it gets what any program needs, and no more. The parent must be the main
    thread: the kernel sends `death_signal` when the thread that started the child ends, however it
    ends.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str = "-",
        output: Sink | Path,
        note: Sink | None = None,
        restart: bool = True,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGTERM,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        # Not all that the caller has: passwords would stand in everybody's environment.
        self.env = inherited.for_program() if env is None else dict(env)
        self.cwd = cwd
        self.user = user
        self.output = output
        self.note: Sink = note or (lambda text: None)
        self.restart = restart
        self.stop_signal = stop_signal
        self.death_signal = death_signal
        self.before = before
        self.starts = 0
        self.exit_code: int | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The running child's id, None while there is none."""
        child = self._child
        return child.pid if child and child.returncode is None else None

    @property
    def ended(self) -> bool:
        """True when it has ended and nobody will start it again."""
        return self._watcher is not None and self._watcher.done()

    async def start(self) -> None:
        """Start the child and begin to watch it."""
        self._stop.clear()
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def stop(self, grace: float = GRACE) -> None:
        """Ask the child to end, insist after `grace` seconds; nothing that it started remains."""
        self._stop.set()
        family = descendants(self.pid)
        if self._watcher:
            self._signal()
            if not await self._ended_within(grace) and grace:
                self.note(f"did not stop within {grace:g} s; killing it")
        await self._kill(family)
        if self._watcher:
            await self._watcher
            self._watcher = None

    async def kill(self) -> None:
        """SIGKILL the child and all that it started, and see it gone; supervision goes on."""
        await self._kill(descendants(self.pid))

    async def _kill(self, family: list[psutil.Process]) -> None:
        child = self._child
        if child and child.returncode is None:
            child.kill()
        kill_all(family)
        if child:
            await exited(child)

    async def _ended_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._child:
                    await exited(self._child)
        return self.pid is None

    def _signal(self) -> None:
        if self._child and self.pid:
            self._child.send_signal(self.stop_signal)

    async def _spawn(self) -> None:
        if self.before:
            await asyncio.to_thread(self.before)
        shim = [sys.executable, "-I", "-S", str(CHILD), str(os.getpid())]
        shim += [str(int(self.death_signal)), self.user, "--"]
        with contextlib.ExitStack() as files:
            sink: int = asyncio.subprocess.PIPE
            if isinstance(self.output, Path):
                turn(self.output)
                sink = open_private(self.output)
                files.callback(os.close, sink)
            self._child = await asyncio.create_subprocess_exec(
                *shim,
                *self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1

    async def _watch(self) -> None:
        wait = FIRST_WAIT
        while True:
            began = time.monotonic()
            await self._run_out()
            if self._stop.is_set() or not self.restart:
                return
            wait = FIRST_WAIT if time.monotonic() - began >= STEADY else wait
            self.note(f"{ending(self.exit_code)}; starting again in {wait:g} s")
            if await self._stopped_within(wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)
            await self._spawn()
            if await self._stopped_within(0):
                self._signal()

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _run_out(self) -> None:
        """Pass the child's lines on until it has ended."""
        child = self._child
        assert child is not None  # noqa: S101  _spawn came first
        reading = asyncio.create_task(self._read(child.stdout))
        self.exit_code = await exited(child)
        # A stranger that inherited the pipe could keep it open for ever.
        await asyncio.wait([reading], timeout=1)
        reading.cancel()

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        if stream is not None and not isinstance(self.output, Path):
            await pass_lines(stream, self.output)


async def pass_lines(stream: asyncio.StreamReader, output: Sink) -> None:
    """Call `output` with each line, of whatever length."""
    rest = b""
    while chunk := await stream.read(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            output(line.decode("utf-8", "replace"))
    if rest:
        output(rest.decode("utf-8", "replace"))
