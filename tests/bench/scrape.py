"""What Prometheus costs those it asks: processor time of a scrape, of each service's page.

Before it is measured one complaint has gone the whole way, so that pages have their labels.
"""

import aiohttp
import pytest

from deploy.demo.directory import load_directory
from deploy.demo.first import first_complaint
from deploy.local.ports import Ports
from deploy.local.stack import Stack
from shared.flows import SERVICES
from tests.bench.idle import family, seconds
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds

SCRAPES = 100
# Prometheus asks every 15 seconds; of a core it may have a thousandth.
MOST_MICROSECONDS = 15_000.0
DEAREST = "the dearest process"


async def measure(lab: Lab, _: float, rounds: int) -> Report:
    """Ask each page again and again, and read its processes' clocks; intake has its workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASHANG_WORKERS", str(lab.workers))
        async with Stack(lab.data / "scrape", Ports.free(), quiet=True) as stack:
            await load_directory(stack)
            await first_complaint(stack)
            async with aiohttp.ClientSession() as http:
                burnt = [await _round(stack, http, lab.workers) for _ in range(rounds)]
                sizes = [await _size(stack, http, service) for service in SERVICES]
    return Report(
        "scrape",
        "What a scrape of /metrics costs in processor time",
        of_rounds(burnt),
        (Aim("the dearest process, a thousandth of a core", DEAREST, None, MOST_MICROSECONDS,
             at_most=True),),
        (f"{SCRAPES} scrapes a round; intake in {lab.workers}, the others in 1 process", *sizes),
        unit=" µs",
    )  # fmt: skip


async def _round(stack: Stack, http: aiohttp.ClientSession, workers: int) -> dict[str, float]:
    spent = {service: await _cost(stack, http, service) for service in SERVICES}
    of_each = spent | {"intake": spent["intake"] / workers}
    return {DEAREST: max(of_each.values())} | spent


async def _cost(stack: Stack, http: aiohttp.ClientSession, service: str) -> float:
    """Microseconds of its processes a scrape, with what they do by themselves meanwhile."""
    before = _clock(stack, service)
    for _ in range(SCRAPES):
        await _page(stack, http, service)
    return 1e6 * (_clock(stack, service) - before) / SCRAPES


async def _size(stack: Stack, http: aiohttp.ClientSession, service: str) -> str:
    page = await _page(stack, http, service)
    series = sum(not line.startswith("#") for line in page.splitlines())
    return f"{service}: {series:,} series, {len(page.encode()) / 1000:,.0f} kB"


async def _page(stack: Stack, http: aiohttp.ClientSession, service: str) -> str:
    async with http.get(f"{stack.ops_urls[service]}/metrics") as response:
        response.raise_for_status()
        return await response.text()


def _clock(stack: Stack, service: str) -> float:
    return sum(map(seconds, family(stack.processes[service].pid)))
