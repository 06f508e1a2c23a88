"""What happens by the clock: periodic jobs over claimed rows.

A job claims its rows with `FOR UPDATE SKIP LOCKED` in its own store function, so several instances
of a service may run the same job; none of them is a leader.

    run ──▶ found something ──▶ run again at once, and so do the jobs that idle
      │ found nothing ──▶ pause: `every`, growing to `idle` until a commit of this process ends it
      ▼ failed ──▶ logged, counted ──▶ pause: back-off up to 30 s ──▶ run
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import faults
from shared.observe import log, metrics, spans
from shared.tasks import Tasks
from shared.values.backoff import backoff

IDLE = timedelta(seconds=5)
MOST_PAUSE = timedelta(seconds=30)
LATE_AFTER = timedelta(seconds=60)
LATE_RUNS = 10
MOST_ERROR = 500

# A job that finds nothing commits too. It must wake neither itself nor the others, or none would
# ever rest.
_in_job: ContextVar[bool] = ContextVar("in_job", default=False)


@dataclass(frozen=True)
class Job:
    """Run `run` every `every`; at once again while it returns that it found something to do.

    With `idle`, pauses grow from `every` to `idle` while nothing is found, and a commit of this
    process (or another job's find) makes it look at once: quick when there is work, cheap when not.
    However many commits there are, between two looks in vain lies `every`. `idle` is also the
    longest that something may wait which another process wrote, or which falls due.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[int | None]]
    idle: timedelta | None = None

    @property
    def late_after(self) -> timedelta:
        """So long without a success is told by readiness."""
        return max(LATE_AFTER, LATE_RUNS * max(self.every, self.idle or self.every))


@dataclass(frozen=True)
class JobState:
    """How a job of this process stands: when it last succeeded, when and by what it last failed."""

    name: str
    every: float
    succeeded_at: datetime | None
    failed_at: datetime | None
    error: str
    late: bool


class Ticking:
    """One job and its life: it outlives any number of failed runs."""

    def __init__(self, job: Job, found: Callable[[], None]) -> None:
        self.job, self._found = job, found
        self._awake, self._stopping = asyncio.Event(), asyncio.Event()
        self._failures = self._idle_runs = 0
        self._succeeded_at = time.monotonic()
        metrics.JOB_SUCCEEDED.labels(job.name).set_to_current_time()
        metrics.JOB_LATE_AFTER_SECONDS.labels(job.name).set(job.late_after.total_seconds())
        self._success: datetime | None = None
        self._failure: tuple[datetime | None, str] = (None, "")

    @property
    def state(self) -> JobState:
        """For people."""
        every = self.job.every.total_seconds()
        return JobState(self.job.name, every, self._success, *self._failure, _is_late(self))

    @property
    def silent_for(self) -> timedelta:
        """Since the last success; since the start if there was none."""
        return timedelta(seconds=time.monotonic() - self._succeeded_at)

    def wake(self) -> None:
        """Look now, if the job may idle. One that fails keeps its pause."""
        if self.job.idle and not self._failures:
            self._idle_runs = 0
            self._awake.set()

    def stop(self) -> None:
        """End after the present run."""
        self._stopping.set()
        self._awake.set()

    async def repeat(self) -> None:
        """Run until `stop`. A failed run is logged, counted and followed by a longer pause."""
        _in_job.set(True)
        while not self._stopping.is_set():
            self._awake.clear()
            with spans.entering(f"job {self.job.name}", None, alone=True) as span:
                await self._once(span)

    async def _once(self, span: spans.Nothing) -> None:
        try:
            found = await self._timed()
        except Exception as error:
            span.fail(error)
            span.close()
            self._failures += 1
            self._failure = datetime.now(UTC), log.masked(repr(error))[:MOST_ERROR]
            _report(self.job, error)
            await self._pause(backoff(self._failures, self.job.every, MOST_PAUSE))
        else:
            if found:
                span.close()
            else:
                span.drop()
            self._failures = 0
            await self._after(found)

    async def _timed(self) -> int | None:
        started = time.perf_counter()
        found = await self.job.run()
        seconds = time.perf_counter() - started
        metrics.JOB_SECONDS.labels(self.job.name).observe(seconds)
        log.debug("job ended", job=self.job.name, count=found, seconds=seconds)
        metrics.JOB_RUNS.labels(self.job.name, "done").inc()
        metrics.JOB_SUCCEEDED.labels(self.job.name).set_to_current_time()
        self._succeeded_at, self._success = time.monotonic(), datetime.now(UTC)
        return found

    async def _after(self, found: int | None) -> None:
        if found:
            self._idle_runs = 0
            self._found()
            await asyncio.sleep(0)
            return
        longest = self.job.idle or self.job.every
        await self._pause(backoff(self._idle_runs, self.job.every, longest))
        self._idle_runs += 1

    async def _pause(self, duration: timedelta) -> None:
        shortest = min(duration, self.job.every)
        await _within(shortest, self._stopping)
        await _within(duration - shortest, self._awake)


async def _within(duration: timedelta, event: asyncio.Event) -> None:
    if duration and not event.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), duration.total_seconds())


class Schedule:
    """All jobs of a process."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._ticking = [Ticking(job, self._wake) for job in jobs]

    def start(self, tasks: Tasks) -> list["asyncio.Task[None]"]:
        """Start every job."""
        return [tasks.start(f"job {one.job.name}", one.repeat()) for one in self._ticking]

    def committed(self) -> None:
        """This process committed something: jobs that idle look now."""
        if not _in_job.get():
            self._wake()

    def _wake(self) -> None:
        for one in self._ticking:
            one.wake()

    def stop(self) -> None:
        """Every job ends after its present run."""
        for one in self._ticking:
            one.stop()

    def states(self) -> list[JobState]:
        """How each job stands."""
        return [one.state for one in self._ticking]

    def state(self) -> str:
        """`ok`, or which jobs have not succeeded for long: `late: submit_payouts (312 s)`."""
        silent = {one.job.name: one.silent_for for one in self._ticking if _is_late(one)}
        late = [f"{name} ({since.total_seconds():.0f} s)" for name, since in silent.items()]
        return f"late: {', '.join(late)}" if late else "ok"


def _is_late(one: Ticking) -> bool:
    return one.silent_for > one.job.late_after


def _report(job: Job, error: Exception) -> None:
    metrics.JOB_RUNS.labels(job.name, "failed").inc()
    away = faults.is_passing(error)
    log.get().warning(
        "job failed", job=job.name, error=repr(error), exc_info=None if away else error
    )
