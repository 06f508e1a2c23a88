"""When a part of a service dies, the process ends loudly; a job that is late is named."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import ROOT, service_env
from tests.conftest import Clone, eventually, leashed
from tests.integration.test_service_start import SERVICE, Child


@pytest.fixture
async def frail(clone: Clone, rabbitmq: RabbitMQ) -> AsyncIterator[list[Child]]:
    """Where started children are ended."""
    children: list[Child] = []
    yield children
    for child in children:
        if child.process.returncode is None:
            child.process.kill()
        await child.process.wait()
        await child.reading


async def start(frail: list[Child], part: str, url: str, amqp: str) -> Child:
    """A service whose named part dies."""
    ports = Ports.free()
    environment = service_env(
        SERVICE, ports=ports, keys=Keys(), database_url=url, amqp_url=amqp
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "tests.integration.frail_service"), cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment, "MASHANG_FRAIL": part, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    frail.append(Child(process, ports))
    return frail[-1]


@pytest.mark.parametrize(
    ("part", "name", "error"),
    [
        ("job", "job frail", "cancelled"),
        ("resource", "resource", "ZeroDivisionError"),
        ("relay", "relay's listener", "AttributeError"),
    ],
)
async def test_the_death_of_a_part_ends_the_process(
    frail: list[Child], clone: Clone, rabbitmq: RabbitMQ, part: str, name: str, error: str
) -> None:
    """Logged critical with the part's name, drained, exit code 1, and no bare traceback."""
    child = await start(frail, part, await clone(SERVICE), rabbitmq.amqp_url)
    assert 1 == await asyncio.wait_for(child.process.wait(), 60)
    await child.reading
    assert [(name, error, "critical")] == [
        (e["task"], e["error"].partition("(")[0], e["level"]) for e in child.said("task died")
    ]
    assert 1 == len(child.said("service failed"))
    assert [] == child.said("service drained")


async def test_readiness_names_a_late_job(
    frail: list[Child], clone: Clone, rabbitmq: RabbitMQ
) -> None:
    """A job that never succeeds is named with its silence; the service goes on answering."""
    child = await start(frail, "late", await clone(SERVICE), rabbitmq.amqp_url)

    async def late() -> bool:
        answer = await child.ready() or {}
        return answer.get("jobs", "").startswith("late: frail (")

    await eventually(late, True, within=60)
    assert 0 == await child.end()
