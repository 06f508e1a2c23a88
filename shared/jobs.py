"""What happens by the clock: periodic jobs over claimed rows.

A job claims its rows with `FOR UPDATE SKIP LOCKED` in its own store function, so several instances
of a service may run the same job; none of them is a leader.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared import db
from shared.observe import log, metrics, trace

MOST_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True)
class Job:
    """Run `run` every `every`; at once again while it returns that it found something to do."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[int | None]]


async def repeat(job: Job, stop: asyncio.Event) -> None:
    """Run one job until `stop`. A failed run is logged, counted and followed by a longer pause."""
    failures = 0
    while not stop.is_set():
        trace.start()
        try:
            found = await _timed(job)
        except Exception as error:
            failures += 1
            _report(job, error)
            await _pause(stop, min(job.every * 2**failures, MOST_PAUSE))
        else:
            failures = 0
            await _pause(stop, timedelta() if found else job.every)


async def _timed(job: Job) -> int | None:
    started = time.perf_counter()
    found = await job.run()
    metrics.JOB_SECONDS.labels(job.name).observe(time.perf_counter() - started)
    metrics.JOB_RUNS.labels(job.name, "done").inc()
    return found


def _report(job: Job, error: Exception) -> None:
    metrics.JOB_RUNS.labels(job.name, "failed").inc()
    away = isinstance(error, db.AWAY)
    log.get().warning(
        "job failed", job=job.name, error=repr(error), exc_info=None if away else error
    )


async def _pause(stop: asyncio.Event, duration: timedelta) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), duration.total_seconds())
