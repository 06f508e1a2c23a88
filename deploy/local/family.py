"""The processes below a process."""

from __future__ import annotations

import contextlib

import psutil


def descendants(pid: int | None) -> list[psutil.Process]:
    """The children of a process, and theirs."""
    if pid is None:
        return []
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: list[psutil.Process]) -> None:
    """SIGKILL what is left of them; psutil does not mistake a reused id for the old process."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
