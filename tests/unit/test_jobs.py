"""A job outlives its failures, rests when there is nothing to do, and is told of when late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from shared import jobs
from shared.jobs import Job, Schedule, Ticking
from shared.tasks import Tasks
from tests.conftest import eventually

TINY = timedelta(microseconds=1)
LONG = timedelta(hours=1)


class Work:
    """What a job does: fails so often, then finds so much, and counts its runs."""

    def __init__(self, failures: int = 0, finds: int = 0) -> None:
        self.failures, self.finds, self.runs = failures, finds, 0

    async def __call__(self) -> int:
        """One run."""
        self.runs += 1
        if self.runs <= self.failures:
            raise ZeroDivisionError
        self.finds -= 1
        return max(self.finds + 1, 0)

    async def ran(self) -> int:
        """How often, for `eventually`."""
        return self.runs


@asynccontextmanager
async def scheduled(*all_jobs: Job) -> AsyncIterator[tuple[Schedule, Tasks]]:
    """Running jobs."""
    tasks, schedule = Tasks(), Schedule(all_jobs)
    ticking = schedule.start(tasks)
    yield schedule, tasks
    schedule.stop()
    await tasks.end(*ticking, within=5)


def _nobody() -> None:
    """Nobody is woken."""


def more_than(work: Work, runs: int) -> Callable[[], Awaitable[bool]]:
    """Whether it ran more often, for `eventually`."""

    async def probe() -> bool:
        return work.runs > runs

    return probe


async def test_a_job_that_fails_thousands_of_times_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often it failed, it runs again when it is mended, and nothing died."""
    monkeypatch.setattr(jobs, "MOST_PAUSE", TINY)
    monkeypatch.setattr(jobs, "_report", lambda *_: None)
    work = Work(failures=5000)
    async with scheduled(Job("mended", TINY, work)) as (schedule, tasks):
        await eventually(more_than(work, 5001), True, within=60)
        assert "ok" == schedule.state()
    assert not tasks.died.is_set()


async def test_the_pause_after_a_failure_grows_to_its_limit_and_no_further() -> None:
    """After 21 minutes of failure `every * 2**failures` could not be computed any more."""
    asked: list[timedelta] = []

    class Hurried(Ticking):
        async def _pause(self, duration: timedelta) -> None:
            asked.append(duration)
            if len(asked) == 2000:
                self.stop()
            await asyncio.sleep(0)

    await Hurried(Job("broken", timedelta(seconds=1), Work(failures=10_000)), _nobody).repeat()
    assert [2, 4, 8, 16, 30] == [pause.total_seconds() for pause in asked[:5]]
    assert {jobs.MOST_PAUSE} == set(asked[5:])


async def test_a_job_runs_again_at_once_while_it_finds_something() -> None:
    """Three finds are four runs, without waiting for the clock."""
    work = Work(finds=3)
    async with scheduled(Job("busy", LONG, work)):
        await eventually(work.ran, 4)


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are the longest from the beginning, as after a quiet night."""
    monkeypatch.setattr(jobs, "backoff", lambda times, first, most: most)


@pytest.mark.usefixtures("rested")
async def test_an_idle_job_is_woken_by_a_commit() -> None:
    """It rests for an hour, and looks at once when its process committed something."""
    work, steady = Work(), Work()
    async with scheduled(Job("idles", TINY, work, idle=LONG), Job("ticks", LONG, steady)) as (
        schedule,
        _,
    ):
        await eventually(work.ran, 1)
        schedule.committed()
        await eventually(work.ran, 2)
        assert 1 == steady.runs


@pytest.mark.usefixtures("rested")
async def test_a_jobs_own_commit_wakes_nobody_unless_it_found_something() -> None:
    """Two jobs that commit at every look do not keep each other awake; a find wakes the other."""
    finds, other = Work(finds=0), Work()
    holder: list[Schedule] = []

    async def commits() -> int:
        found = await finds()
        holder[0].committed()
        return found

    async with scheduled(
        Job("commits", TINY, commits, idle=LONG), Job("other", TINY, other, idle=LONG)
    ) as (schedule, _):
        holder.append(schedule)
        await eventually(other.ran, 1)
        await asyncio.sleep(0.05)
        assert (1, 1) == (finds.runs, other.runs)
        finds.finds = 1
        schedule.committed()
        await eventually(finds.ran, 3)
        await eventually(more_than(other, 1), True)


@pytest.mark.usefixtures("rested")
async def test_many_commits_do_not_drive_a_job() -> None:
    """Between two looks in vain lies `every`, however much is committed meanwhile."""
    work = Work()
    async with scheduled(Job("idles", LONG / 2, work, idle=LONG)) as (schedule, _):
        for _ in range(100):
            schedule.committed()
            await asyncio.sleep(0)
        assert 1 == work.runs


async def test_pauses_grow_while_there_is_nothing_to_do() -> None:
    """From `every` to `idle`, and from the beginning again after a find."""
    asked: list[float] = []
    work = Work()

    class Hurried(Ticking):
        async def _pause(self, duration: timedelta) -> None:
            asked.append(duration.total_seconds())
            if len(asked) == 5:
                work.finds = 1
            if len(asked) == 7:
                self.stop()

    job = Job("idles", timedelta(seconds=0.5), work, idle=timedelta(seconds=3))
    await Hurried(job, _nobody).repeat()
    assert [0.5, 1, 2, 3, 3, 0.5, 1] == asked


async def test_a_failing_job_is_not_woken() -> None:
    """Commits do not drive a broken job: it keeps the pause that its failures earned."""
    work = Work(failures=10)
    async with scheduled(Job("broken", LONG, work, idle=LONG)) as (schedule, _):
        await eventually(work.ran, 1)
        for _ in range(3):
            schedule.committed()
            await asyncio.sleep(0)
        assert 1 == work.runs


async def test_a_late_job_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has not succeeded for a minute, or ten of its periods; others are not."""
    good, slow = Work(), Job("slow", LONG, Work(failures=1))
    async with scheduled(
        Job("submit", TINY * 1000, Work(failures=10**9)), Job("good", TINY * 1000, good), slow
    ) as (schedule, _):
        assert "ok" == schedule.state()
        late = timedelta(seconds=312)
        monkeypatch.setattr(Ticking, "silent_for", property(lambda self: late * _fails(self)))
        assert "late: submit (312 s)" == schedule.state()


def _fails(one: Ticking) -> int:
    return int(one.job.name != "good")


async def test_what_failed_is_told_without_a_phone() -> None:
    """Whoever looks at the jobs reads the error that a run ended with, and no number in it."""

    async def fail() -> int:
        raise ValueError("no such phone: +8613800138000")

    async with scheduled(Job("call", LONG, fail)) as (schedule, _):

        async def errors() -> list[str]:
            return [one.error for one in schedule.states()]

        await eventually(errors, ["ValueError('no such phone: …')"])


async def test_the_last_success_is_a_metric() -> None:
    """An alarm can be set on it."""
    work = Work()
    async with scheduled(Job("measured", LONG, work)):
        await eventually(work.ran, 1)
        await asyncio.sleep(0)
    name = "mashang_job_last_success_timestamp_seconds"
    assert (REGISTRY.get_sample_value(name, {"job_name": "measured"}) or 0) > 1.7e9
