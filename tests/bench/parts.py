"""What each part took of the processor during one load, and how long events waited meanwhile."""

import asyncio
import resource
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
import psutil

from deploy.local.family import descendants
from tests.bench.servers import Lab

GENERATOR = "generator"
EVERY = 0.1
_AGE = "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM outbox"


@dataclass
class Spent:
    """Processor seconds by part, and the seconds that the oldest event ever waited."""

    parts: dict[str, float] = field(default_factory=dict)
    oldest: float = 0.0


@asynccontextmanager
async def spending(lab: Lab, measured: str, pid: int | None) -> AsyncIterator[Spent]:
    """Filled in at the end, for the process that is measured, the servers and the generator."""
    pids = {measured: pid, "PostgreSQL": lab.postgres.pid, "RabbitMQ": lab.rabbitmq.pid}
    spent, before = Spent(), _all(pids)
    watch = asyncio.create_task(_watch(lab, spent))
    try:
        yield spent
        after = _all(pids)
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    spent.parts = {name: after[name] - before[name] for name in after}


def _all(pids: Mapping[str, int | None]) -> dict[str, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {name: _seconds(pid) for name, pid in pids.items()} | {
        GENERATOR: used.ru_utime + used.ru_stime
    }


def _seconds(pid: int | None) -> float:
    """Of a process and all below it, with those that ended in the meantime."""
    family = [psutil.Process(pid), *descendants(pid)] if pid else []
    return sum(float(sum(one.cpu_times()[:4])) for one in family)


async def _watch(lab: Lab, spent: Spent) -> None:
    """Ten looks a second at the outbox."""
    connection = await asyncpg.connect(lab.owner_url("intake"))
    try:
        while True:
            spent.oldest = max(spent.oldest, await connection.fetchval(_AGE))
            await asyncio.sleep(EVERY)
    finally:
        connection.terminate()
