"""`python -m tests.integration.frail_service`: scoring's settings, and parts that die when told.

MASHANG_FRAIL names the part: `job` dies outside its run, `resource` by a defect of its own task,
`relay` by a defect, `late` is a job that never succeeds.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from shared import jobs
from shared.bus import relay
from shared.config import Settings
from shared.db import Database
from shared.jobs import Job
from shared.life import run
from shared.service import Service
from shared.tasks import Tasks

FRAIL = os.environ.get("MASHANG_FRAIL", "")


async def _fails() -> None:
    raise ZeroDivisionError


async def _is_cancelled() -> None:
    raise asyncio.CancelledError


@asynccontextmanager
async def _resource(tasks: Tasks) -> AsyncIterator[None]:
    task = tasks.start("resource", _fails() if FRAIL == "resource" else asyncio.sleep(3600))
    yield
    tasks.cancel(task)


def build(_: Settings, __: Database) -> Service:
    """One job and one resource."""
    tasks, second = Tasks(), timedelta(seconds=1)
    work = {"job": _is_cancelled, "late": _fails}.get(FRAIL, asyncio.Event().wait)
    if FRAIL == "relay":
        vars(relay)["CHANNEL"] = None
    if FRAIL == "late":
        jobs.LATE_AFTER = second / 10
    return Service(
        "scoring",
        handlers={},
        jobs=[Job("frail", second / 100, work)] if FRAIL in ("job", "late") else [],
        resources=[_resource(tasks)],
        tasks=tasks,
    )


if __name__ == "__main__":
    run("scoring", Settings, build)
