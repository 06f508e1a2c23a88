"""Supervised processes, with real ones: restarts, endings, and nothing left behind."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from deploy.local.family import descendants
from deploy.local.process import Process

ROOT = Path(__file__).resolve().parents[2]
READY = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '''{READY}''']); {READY}"


class Lines:
    """Collects lines and lets a test wait for the next one."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, text: str) -> None:
        self.queue.put_nowait(text)

    async def next(self) -> str:
        """The next line, whenever it comes."""
        return await asyncio.wait_for(self.queue.get(), 60)


@asynccontextmanager
async def running(code: str, notes: Lines | None = None) -> AsyncIterator[Process]:
    """A Python child that has said its first word."""
    lines = Lines()
    process = Process("toy", [sys.executable, "-c", code], output=lines, note=notes)
    await process.start()
    try:
        assert "up" == await lines.next()
        yield process
    finally:
        await process.stop(grace=5)


async def until(condition: Callable[[], object]) -> None:
    """Return when it holds; the test's own time limit is the patience."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_killed_process_is_started_again() -> None:
    """Supervision replaces it and says so."""
    notes = Lines()
    async with running(READY, notes) as process:
        first = process.pid
        await process.kill()
        assert "was killed by SIGKILL; starting again in 0.5 s" == await notes.next()
        await until(lambda: process.pid)
        assert (2, True) == (process.starts, process.pid != first)


async def test_the_pause_grows_while_it_keeps_ending() -> None:
    """Each quick ending doubles the pause."""
    notes = Lines()
    process = Process("toy", ["/bin/false"], output=Lines(), note=notes)
    await process.start()
    said = [await notes.next() for _ in range(2)]
    await process.stop()
    assert [f"ended with exit code 1; starting again in {wait} s" for wait in ("0.5", "1")] == said


async def test_without_restart_an_ending_is_final() -> None:
    """It is reported with the program's own exit code."""
    process = Process("toy", ["/bin/sh", "-c", "exit 7"], output=Lines(), restart=False)
    await process.start()
    await until(lambda: process.ended)
    assert (7, 1, None) == (process.exit_code, process.starts, process.pid)
    await process.stop()


async def test_a_program_that_ignores_the_request_is_killed() -> None:
    """Stopping always ends."""
    notes = Lines()
    async with running(STUBBORN, notes) as process:
        await process.stop(grace=0.2)
        assert (-signal.SIGKILL, None) == (process.exit_code, process.pid)
        assert "did not stop within 0.2 s; killing it" == await notes.next()


async def test_stopping_takes_the_childrens_children_along() -> None:
    """A program's own helper does not outlive it."""
    async with running(PARENT) as process:
        await until(lambda: descendants(process.pid))
        family = descendants(process.pid)
        await process.stop()
    await until(lambda: all(gone(helper.pid) for helper in family))


async def test_a_line_of_any_length_arrives_whole() -> None:
    """Neither the pipe's nor the reader's buffer cuts it."""
    lines = Lines()
    code = "print('x' * 300_000); print('码上评', end='')"
    process = Process("toy", [sys.executable, "-c", code], output=lines, restart=False)
    await process.start()
    assert ("x" * 300_000, "码上评") == (await lines.next(), await lines.next())
    await process.stop()


async def test_a_missing_program_says_so() -> None:
    """The shim reports it as a shell would."""
    lines = Lines()
    process = Process("toy", ["/nowhere/program"], output=lines, restart=False)
    await process.start()
    assert (await lines.next()).startswith("cannot start /nowhere/program")
    await until(lambda: process.ended)
    assert 127 == process.exit_code


LAUNCHER = """
import asyncio, sys
from pathlib import Path
from deploy.local import Postgres, RabbitMQ, free_port
from deploy.local.family import descendants
from deploy.local.process import Process
import os

async def main():
    data = Path(sys.argv[1])
    toy = Process("toy", ["/bin/sleep", "600"], output=print)
    servers = Postgres(data / "pg", free_port(), fsync=False), RabbitMQ(data / "mq", free_port())
    await asyncio.gather(toy.start(), *(server.start() for server in servers))
    print(*(child.pid for child in descendants(os.getpid())), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_nothing_outlives_a_killed_launcher(tmp_path: Path) -> None:
    """SIGKILL of the launcher ends servers, name server, helpers and services."""
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as launcher:
        assert launcher.stdout is not None
        line = launcher.stdout.readline()
        launcher.kill()
    family = [int(word) for word in line.split()]
    assert len(family) > 5
    asyncio.run(until(lambda: all(map(gone, family))))
