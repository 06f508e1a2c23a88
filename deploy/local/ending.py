"""How a child process ends, and how one learns of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal


async def exited(child: asyncio.subprocess.Process) -> int:
    """The exit code. Unlike `wait` it never waits for the pipe too, whatever the Python."""
    with contextlib.suppress(OSError):  # gone already, or a kernel that does not tell
        await told_by_kernel(child.pid)
    while child.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return child.returncode


async def told_by_kernel(pid: int) -> None:
    """Until the process has ended, without asking again and again."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
