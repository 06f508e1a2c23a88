"""Unattended tasks: the one way to start what nobody awaits.

A task that dies unseen is work that silently stops: payouts, retries, partitions. So whoever starts
one gives it a name here, and its death ends the process: logged, drained, exit code 1.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from shared.errors import TaskDied
from shared.observe import log


class Tasks:
    """A process's unattended tasks. `died` is set by the first death.

    A death is any exception, and before `end` also a return or a cancellation that nobody asked
    for: a broken connection, for one, cancels what waits on it.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._may_end: set[asyncio.Task[None]] = set()
        self._dead: list[tuple[str, BaseException | None]] = []
        self.died = asyncio.Event()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run `work` until `end` or `cancel`."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def cancel(self, task: "asyncio.Task[None]") -> None:
        """End a task at once."""
        self._may_end.add(task)
        task.cancel()

    async def end(self, *tasks: "asyncio.Task[None]", within: float | None = None) -> None:
        """Wait for tasks that were told to end; cancel those that take longer (seconds)."""
        self._may_end.update(tasks)
        _, late = await asyncio.wait(tasks, timeout=within)
        for task in late:
            log.get().error("task cancelled", task=task.get_name(), seconds=within)
            task.cancel()

    def check(self) -> None:
        """TaskDied if any did, with what it died of."""
        for name, defect in self._dead:
            raise TaskDied(f"{name} ended") from defect

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        defect = None if task.cancelled() else task.exception()
        if defect is None and task in self._may_end:
            return
        name = task.get_name()
        self._dead.append((name, defect))
        log.get().critical("task died", task=name, error=_told(task, defect), exc_info=defect)
        self.died.set()


def _told(task: "asyncio.Task[None]", defect: BaseException | None) -> str:
    if defect is not None:
        return repr(defect)
    return "cancelled" if task.cancelled() else "returned"
