"""P4: what an installation burns while nobody needs it, in processor time a minute."""

import asyncio
import time
from collections import Counter

import psutil

from deploy.local.family import descendants
from deploy.local.ports import Ports
from deploy.local.stack import Stack
from shared.flows import SERVICES
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds

SETTLE_SECONDS = 45.0  # after this the jobs rest as long as they ever do
ROUND_SECONDS = 20.0
SHARE_AIMED_AT = 0.03
ALL, TOGETHER = "all together", "the five services"


async def measure(lab: Lab, _: float, rounds: int) -> Report:
    """Start everything, leave it alone, and read the processes' clocks."""
    async with Stack(lab.data / "idle", Ports.free(), quiet=True) as stack:
        lab.say(f"idle: resting for {SETTLE_SECONDS:.0f} s")
        await asyncio.sleep(SETTLE_SECONDS)
        burnt = [await _round(stack) for _ in range(rounds)]
    most = SHARE_AIMED_AT * 60_000
    return Report(
        "idle",
        "P4 · processor time of an idle installation",
        of_rounds(burnt),
        (Aim(f"{ALL}, at most {SHARE_AIMED_AT:.0%} of one core", ALL, None, most, at_most=True),),
        (f"rounds of {ROUND_SECONDS:.0f} s; 600 ms a minute are 1 % of one core",),
        unit=" ms/min",
    )


async def _round(stack: Stack) -> dict[str, float]:
    before, began = _clocks(stack), time.monotonic()
    await asyncio.sleep(ROUND_SECONDS)
    per_minute = 60_000 / (time.monotonic() - began)
    spent = {name: (n - before[name]) * per_minute for name, n in _clocks(stack).items()}
    together = sum(spent[name] for name in SERVICES)
    return {ALL: sum(spent.values()), TOGETHER: together} | spent


def _clocks(stack: Stack) -> Counter[str]:
    """Seconds of processor time so far, of each part with its children."""
    pids = {name: process.pid for name, process in stack.processes.items()}
    for name, server in (("postgres", stack.postgres), ("rabbitmq", stack.rabbitmq)):
        if server:
            pids[name] = server.pid
    clocks = {name: sum(map(seconds, family(pid))) for name, pid in pids.items()}
    # The launcher's share: its supervision runs in this very process, which else only sleeps.
    return Counter(clocks | {"launcher": seconds(psutil.Process())})


def family(pid: int | None) -> list[psutil.Process]:
    """A process and all below it."""
    return [psutil.Process(pid), *descendants(pid)] if pid else []


def seconds(process: psutil.Process) -> float:
    """Of processor time so far."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
