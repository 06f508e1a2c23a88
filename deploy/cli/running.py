"""`mashang events state|level`: how the processes of a service are, how loud they shall be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, cast, get_args

import typer

from deploy.cli import surroundings
from deploy.cli.named import Service
from deploy.cli.touching import whose
from shared.console import processes, waiting
from shared.console.processes import MOST_MINUTES, Level, Outbox, Process
from shared.jobs import JobState
from shared.observe import reading


def a_level(level: str) -> str:
    """One of the log's."""
    if level not in get_args(Level):
        raise typer.BadParameter(f"choose from {', '.join(get_args(Level))}")
    return level


def state(service: Service) -> None:
    """Show what waits, what has not left, and each process with its broker and its jobs."""
    counts, outbox, found = asyncio.run(_state(service))
    print(f"outbox    {outbox.number} events, the oldest {outbox.seconds:.0f} s")
    print(f"pending   {counts.get('pending', 0)}\nparked    {counts.get('parked', 0)}")
    for process in found:
        now = process.told
        print(f"{process.process}  broker {now.broker}  log level {now.level}")
        for job in now.jobs:
            told = f"{'late  ' * job.late}succeeded {_ago(job.succeeded_at)}  {_failed(job)}"
            print(f"  {job.name:<22} {told}".rstrip())
    if not found:
        print("no process was heard of in the last minute")


def level(
    level: Annotated[str, typer.Argument(callback=a_level, metavar="LEVEL")],
    service: Service,
    minutes: Annotated[int, typer.Option(min=1, max=MOST_MINUTES, help="For how long.")] = 30,
    reason: Annotated[str, typer.Option(help="What for.")] = "",
) -> None:
    """Make all processes of a service write more or less into their logs, for a while."""
    until = asyncio.run(_make_loud(service, level, minutes, reason))
    print(
        f"{service} logs from {level} on until {until.astimezone().isoformat(timespec='seconds')}"
    )


def _ago(moment: datetime | None) -> str:
    return f"{(datetime.now(UTC) - moment).total_seconds():.0f} s ago" if moment else "never"


def _failed(job: JobState) -> str:
    return f"failed {_ago(job.failed_at)}: {reading.one_line(job.error)}" if job.failed_at else ""


async def _state(service: str) -> tuple[dict[str, int], Outbox, list[Process]]:
    async with surroundings.transaction(service) as conn:
        return (
            await waiting.count_waiting(conn),
            await processes.get_outbox(conn),
            await processes.list_processes(conn),
        )


async def _make_loud(service: str, level: str, minutes: int, reason: str) -> datetime:
    async with surroundings.transaction(service) as conn:
        return await processes.make_loud(conn, whose(), reason, cast(Level, level), minutes)
