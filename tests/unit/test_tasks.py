"""The death of an unattended task is never silent."""

import asyncio
from collections.abc import Coroutine

import pytest

from shared.errors import TaskDied
from shared.tasks import Tasks
from tests.support import captured_logs


async def _fails() -> None:
    raise ZeroDivisionError


async def _returns() -> None:
    pass


async def _is_cancelled_from_within() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (_fails, "ZeroDivisionError()"),
        (_returns, "returned"),
        (_is_cancelled_from_within, "cancelled"),
    ],
)
async def test_every_way_to_die_is_told(work: object, told: str) -> None:
    """An exception, a return and a foreign cancellation: logged critical with the name, raised."""
    tasks = Tasks()
    with captured_logs() as logs:
        tasks.start("relay", _coroutine(work))
        await asyncio.wait_for(tasks.died.wait(), 5)
    assert [("critical", "task died", "relay", told)] == [
        (entry["log_level"], entry["event"], entry["task"], entry["error"]) for entry in logs
    ]
    with pytest.raises(TaskDied, match="relay ended"):
        tasks.check()


def _coroutine(work: object) -> Coroutine[object, object, None]:
    assert callable(work)
    made: Coroutine[object, object, None] = work()
    return made


async def test_what_was_told_to_end_may_return() -> None:
    """A drained or cancelled task is no death."""
    tasks, told = Tasks(), asyncio.Event()

    async def until_told() -> None:
        await told.wait()

    drained = tasks.start("consumer", until_told())
    cancelled = tasks.start("listener", until_told())
    tasks.cancel(cancelled)
    told.set()
    await tasks.end(drained, within=5)
    tasks.check()
    assert not tasks.died.is_set()


async def test_a_defect_during_the_drain_is_a_death() -> None:
    """What fails while it ends has lost work too."""
    tasks = Tasks()
    await tasks.end(tasks.start("writer", _fails()), within=5)
    await asyncio.sleep(0)
    with pytest.raises(TaskDied) as error:
        tasks.check()
    assert isinstance(error.value.__cause__, ZeroDivisionError)


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    """The drain has an end, and says what it cut."""
    tasks = Tasks()
    with captured_logs() as logs:
        task = tasks.start("consumer", asyncio.sleep(3600))
        await tasks.end(task, within=0.01)
        await asyncio.wait({task})
    assert ["task cancelled"] == [entry["event"] for entry in logs]
    assert task.cancelled()
    tasks.check()
