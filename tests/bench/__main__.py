"""`make bench`: run the benchmarks, print one table each, write `bench.json`."""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from rich.console import Console

from deploy.local.process import StartError
from deploy.local.settings import ROOT
from shared.observe import log
from tests.bench import (
    accepts,
    bloat,
    desk,
    growth,
    idle,
    machine,
    pipeline,
    relay,
    scrape,
    screen,
    signing,
    tracing,
)
from tests.bench.servers import lab
from tests.bench.table import Report, aims_table, costs_table, rates_table

BENCHMARKS: dict[str, Callable[..., Awaitable[Report]]] = {
    "accepts": accepts.measure,
    "relay": relay.measure,
    "pipeline": pipeline.measure,
    "idle": idle.measure,
    "scrape": scrape.measure,
    "signing": signing.measure,
    "tracing": tracing.measure,
    "desk": desk.measure,
    "screen": screen.measure,
    "bloat": bloat.measure,
    "growth": growth.measure,
}
# Hours rather than minutes: only by name. And how many cases where nobody says it.
LONG = {"growth", "bloat"}
CASES = {"desk": 200_000, "growth": 10_000_000}
# At a hundredth of so many the planner still reads whole tables, as they are small.
LEAST = {"growth": 100_000}


def a_number(typed: str) -> int:
    """`10_000_000`, `10,000,000` or without separators."""
    if not re.fullmatch(r"[0-9][0-9_,]{0,14}", typed):
        raise argparse.ArgumentTypeError(f"{typed!r} is no number; write 10_000_000")
    return int(re.sub("[_,]", "", typed))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contestant")
    parser.add_argument("--cases", type=a_number, help=f"how many there are, otherwise {CASES}")
    parser.add_argument("--workers", type=int, default=1, help="processes of intake and its rival")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; take of {', '.join(BENCHMARKS)}")
    if min(chosen.seconds, chosen.rounds, chosen.workers) <= 0 or (chosen.cases or 1000) < 1000:
        parser.error("--seconds, --rounds and --workers must be positive, --cases at least 1000")
    for name in set(chosen.names) & set(LEAST):
        if (chosen.cases or CASES[name]) < LEAST[name]:
            parser.error(f"{name} needs --cases of at least {LEAST[name]:,}")
    return chosen


async def live(chosen: argparse.Namespace, console: Console) -> list[Report] | None:
    """Run until done or until the first signal; None when interrupted."""
    work = asyncio.ensure_future(run_all(chosen, console))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        return None


async def run_all(chosen: argparse.Namespace, console: Console) -> list[Report]:
    """One lab for all benchmarks, one after the other."""
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {text}", highlight=False)

    reports = []
    async with lab(data_folder(), say, chosen.workers) as servers:
        for name in chosen.names or [name for name in BENCHMARKS if name not in LONG]:
            say(f"{name}: {chosen.rounds} rounds of {chosen.seconds:g} s each")
            more = {"cases": chosen.cases or CASES[name]} if name in CASES else {}
            reports.append(await BENCHMARKS[name](servers, chosen.seconds, chosen.rounds, **more))
            show(console, reports[-1])
    return reports


def show(console: Console, report: Report) -> None:
    """The tables of one benchmark."""
    console.print()
    console.print(rates_table(report))
    if report.costs:
        console.print(costs_table(report))
    console.print(aims_table(report))
    for line in report.notes:
        console.print(f"  {line}", highlight=False, soft_wrap=True)
    for line in report.wrong:
        console.print(f"  [bold red]does not add up:[/] {line}", highlight=False)
    console.print()


def write(reports: Sequence[Report], about: str) -> Path:
    """`bench.json` in the data folder; benchmarks that did not run now keep their last figures."""
    path = data_folder() / "bench.json"
    former = json.loads(path.read_text()) if path.exists() else {}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ran = {r.name: {"at": now, "machine": about, **r.as_json()} for r in reports}
    path.write_text(json.dumps({**former, **ran}, indent=1, ensure_ascii=False) + "\n")
    return path


def data_folder() -> Path:
    """`.mashang`, unless MASHANG_DATA moves it."""
    return Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute()


def main() -> int:
    """0 when all figures add up, whatever they are; 1 when not; 130 when interrupted."""
    chosen, console, about = arguments(), Console(), machine.describe()
    log.configure("bench", "warning")
    console.print(about, highlight=False)
    try:
        reports = uvloop.run(live(chosen, console))
    except StartError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    if reports is None:
        print("bench: interrupted; everything has stopped", file=sys.stderr)
        return 130
    console.print(f"figures written to {write(reports, about)}", highlight=False)
    return 1 if any(report.wrong for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
