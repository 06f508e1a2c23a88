"""`make chaos`: people complain while everything dies, freezes, vanishes and comes back.

Every service runs twice on a clean installation, 30 % of the vendors' answers are lost after their
effect, verdicts are withdrawn, incidents joined and split. After each phase everything must settle;
then points, strikes, rewards and receipts are counted again from the raw facts.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console

from deploy.local.ports import PortError
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from shared.errors import MashangError
from tests.chaos import run, table
from tests.chaos.phases import PHASES, Measure
from tests.chaos.points import POINTS

console = Console(width=None if sys.stdout.isatty() else 120)
STOPPED = 130


def _arguments(arguments: Sequence[str] | None) -> tuple[list[str], Measure]:
    parser = argparse.ArgumentParser("make chaos", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--phase", action="append", choices=PHASES, help="only this one (may be repeated)"
    )
    purposes = sorted({point.purpose for point in POINTS})
    parser.add_argument(
        "--purpose", action="append", choices=purposes, help="only die around this one", default=[]
    )
    for one in fields(Measure):
        if isinstance(one.default, (int, float)):
            option, kind = f"--{one.name.replace('_', '-')}", type(one.default)
            parser.add_argument(
                option, type=kind, default=one.default, help=f"default {one.default}"
            )
    chosen = vars(parser.parse_args(arguments))
    names = chosen.pop("phase") or list(PHASES)
    return names, Measure(purposes=tuple(chosen.pop("purpose")), **chosen)


async def _played(names: list[str], measure: Measure, folder: Path) -> int:
    city, outcomes = await run.play(folder, names, measure, console)
    found = table.hits(city.tally, measure) if "points" in names else {}
    if found:
        console.print(table.of_points(found))
    console.print(table.of_phases(outcomes))
    told = {"points": found, "phases": [asdict(outcome) for outcome in outcomes]}
    data = Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang")
    data.mkdir(exist_ok=True)
    (data / "chaos.json").write_text(json.dumps(told, indent=1))
    return int(table.failed(outcomes))


async def _until_signal(names: list[str], measure: Measure) -> int:
    folder = Path(tempfile.mkdtemp(prefix="mashang-chaos-"))
    work = asyncio.ensure_future(_played(names, measure, folder))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        code = await work
    except asyncio.CancelledError:
        print("mashang: chaos was stopped", file=sys.stderr)
        code = STOPPED
    except BaseException:
        console.print(f"the logs are in {folder}/data/logs")
        raise
    if code == 1:
        console.print(f"the logs are in {folder}/data/logs")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 only if nothing was lost, doubled, left or miscounted."""
    names, measure = _arguments(arguments)
    try:
        return asyncio.run(_until_signal(names, measure))
    except* (StartError, PortError, MashangError) as group:
        print(f"mashang: {_first(group)}", file=sys.stderr)
    return 1


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


if __name__ == "__main__":
    sys.exit(main())
