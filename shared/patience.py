"""Waiting for a database, but not for ever: a person is looking at an empty screen meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from shared import faults
from shared.errors import Unavailable

T = TypeVar("T")
# The loop itself holds tasks weakly; these still give back their connections.
_abandoned: set[asyncio.Task[Any]] = set()


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Unavailable if the database is away, or silent for so long.

    A server that hangs is not waited for, not even for the end of a cancelled statement.
    """
    task = asyncio.ensure_future(work)
    _abandoned.add(task)
    task.add_done_callback(_ended)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        raise Unavailable() from TimeoutError()
    try:
        return task.result()
    except faults.PASSING as error:
        if isinstance(error, Unavailable) or not faults.is_passing(error):
            raise
        raise Unavailable() from error


def _ended(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()
