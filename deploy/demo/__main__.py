"""`make demo`: play the article's 54 complaints on a clean installation and reconcile the figures.

Runs beside a `make run` (own folder, free ports). `--kill NAME` kills a service, the broker or the
database again and again while it plays; the table must be the same.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from itertools import chain, cycle, takewhile
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo import figures
from deploy.demo.directory import load_directory
from deploy.demo.figures import Row
from deploy.demo.play import Citizen, Desk
from deploy.demo.scenario import Complaint, Scenario, article
from deploy.local.ports import PortError, Ports
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from deploy.local.stack import Stack
from shared.errors import MashangError
from shared.flows import SERVICES

AT_ONCE = 6
SETTLE_SECONDS = 180.0
KILL_EVERY = 4.0
KILLABLE = (*SERVICES, "sandbox", "postgres", "rabbitmq")
console = Console(width=None if sys.stdout.isatty() else 110)


async def play(scenario: Scenario, data: Path, kill: Sequence[str] = ()) -> list[Row]:
    """The whole play on a fresh stack; the reconciled lines."""
    shutil.rmtree(data, ignore_errors=True)
    console.print("starting a clean installation: PostgreSQL, RabbitMQ, the services, the sandbox")
    async with Stack(data, Ports.free(), quiet=True) as stack:
        await load_directory(stack)
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            over = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_keep_killing(stack, kill, over))
                await _all_complaints(http, stack, scenario)
                over.set()
            return await _settled(http, stack, scenario)


async def _all_complaints(http: aiohttp.ClientSession, stack: Stack, scenario: Scenario) -> None:
    citizen, desk = Citizen(http, stack), Desk(http, stack)
    places = asyncio.Semaphore(AT_ONCE)
    with _progress() as progress:
        filed = progress.add_task("complaints filed", total=len(scenario.complaint))
        judged = progress.add_task("called back and verified", total=len(scenario.complaint))

        async def one(complaint: Complaint) -> None:
            async with places:
                receipt = await citizen.file(complaint)
                progress.advance(filed)
                await desk.handle(str(receipt["submission_id"]), complaint)
                progress.advance(judged)

        async with asyncio.TaskGroup() as tasks:
            for complaint in scenario.complaint:
                tasks.create_task(one(complaint))


async def _settled(http: aiohttp.ClientSession, stack: Stack, scenario: Scenario) -> list[Row]:
    deadline, desk = asyncio.get_running_loop().time() + SETTLE_SECONDS, Desk(http, stack)
    with _progress() as progress:
        task = progress.add_task("figures that reconcile", total=len(figures.LINES))
        while True:
            lines = figures.rows(scenario.expected, await figures.read(http, stack, desk))
            progress.update(task, completed=sum(line.reconciles for line in lines))
            late = asyncio.get_running_loop().time() > deadline
            if late or all(line.reconciles for line in lines):
                return lines
            await asyncio.sleep(0.5)


async def _keep_killing(stack: Stack, names: Sequence[str], over: asyncio.Event) -> None:
    """One after the other, again and again until the play is over; each at least once."""
    await asyncio.sleep(1.0)
    for name in chain(names, takewhile(lambda _: not over.is_set(), cycle(names))):
        console.print(f"[yellow]SIGKILL[/] {name}")
        await stack.kill(name)
        await stack.until_back(name)
        await asyncio.sleep(KILL_EVERY)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<26}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def verdict(lines: list[Row]) -> int:
    """Print the table; exit code 0 only if everything reconciles."""
    console.print(figures.table(lines))
    if all(line.reconciles for line in lines):
        console.print("[green]everything reconciles: services and vendors tell the same figures")
        return 0
    wrong = ", ".join(line.name for line in lines if not line.reconciles)
    console.print(f"[red]does not reconcile:[/] {wrong}; logs are in the demo's data folder")
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser("make demo", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--kill", action="append", default=[], choices=KILLABLE, help="kill it while playing"
    )
    chosen = parser.parse_args(arguments)
    data = Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute() / "demo"
    try:
        return asyncio.run(_until_signal(data, chosen.kill))
    except (StartError, PortError, MashangError) as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1


async def _until_signal(data: Path, kill: Sequence[str]) -> int:
    work = asyncio.ensure_future(play(article(), data, kill))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        return verdict(await work)
    except asyncio.CancelledError:
        print("mashang: the demo was stopped", file=sys.stderr)
        return 130
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


if __name__ == "__main__":
    sys.exit(main())
