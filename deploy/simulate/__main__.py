"""`make simulate`: a year of a city through the real services, in minutes; then counted again.

Every notice, point, strike, sanction, criticism, reward and rate is compared with what the rules
say, read from the policy and worked out by other means. Differences are printed and fail it.
"""

import argparse
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.databases import OWNER, database_of, prepare, url_for
from deploy.local.keys import Keys
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from deploy.simulate import play
from deploy.simulate.compare import Difference
from deploy.simulate.play import Play, Played
from deploy.simulate.report import Report
from deploy.simulate.wiring import Home
from shared.errors import MashangError
from shared.flows import SERVICES
from shared.observe import log

MOST_SHOWN = 50
console = Console(width=None if sys.stdout.isatty() else 110)


@asynccontextmanager
async def homes(data: Path, keys: Keys) -> AsyncIterator[Mapping[str, Home]]:
    """Five databases on a server of their own, which a power cut may have."""
    async with Postgres(data / "postgres", free_port(), fsync=False) as server:
        admin = server.admin_url
        await prepare(admin, keys, None)
        yield {
            name: Home(
                url_for(admin, database_of(name), database_of(name), keys.password_of(name)),
                url_for(admin, database_of(name), OWNER, keys.owner_password),
            )
            for name in SERVICES
        }


async def simulate(chosen: Play, data: Path) -> int:
    """Exit code 0 only if nothing differs."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    keys, began = Keys(), time.monotonic()
    async with homes(data, keys) as opened:
        with _progress() as progress:
            task = progress.add_task("days", total=chosen.days + play.LEFT_OVER)
            played = await play.run(chosen, opened, keys, lambda _: progress.advance(task))
    different = played.differences()
    files = Report(chosen, played, different).write(data)
    exit_code = tell(played, different, time.monotonic() - began)
    console.print("the report: " + ", ".join(map(str, files)))
    return exit_code


def tell(played: Played, different: Sequence[Difference], seconds: float) -> int:
    """Print what was played and each difference; 1 if there are any."""
    cases = len(played.held.rows["cases"])
    console.print(
        f"{cases} cases, {played.acts} acts, {played.events} events in {seconds:.0f} s:"
        f" {played.events / seconds:.0f} events a second, {1000 * seconds / max(cases, 1):.0f} ms"
        " a case"
    )
    for why, times in sorted(played.refused.items()):
        console.print(f"  refused {times:>5} times: {why}", highlight=False)
    for one in different[:MOST_SHOWN]:
        console.print(f"[red]{one.what}[/] {one.whose}: expected {one.expected}, found {one.found}",
                      highlight=False)  # fmt: skip
    console.print(f"[red]{len(different)} differences" if different else "[green]no difference")
    return int(bool(different))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser("make simulate", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--days", type=int, default=365, help="how many (365)")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2026, 1, 1))
    parser.add_argument("--units", type=int, default=242, help="how many windows (242)")
    parser.add_argument("--daily", type=float, default=0.04, help="visits a unit and day (0.04)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--policy", type=Path, default=ROOT / "deploy" / "policy.toml")
    told = parser.parse_args(arguments)
    chosen = Play(told.days, told.first, told.units, told.daily, told.seed, told.policy.absolute())
    console.print(f"seed {chosen.seed}: --seed {chosen.seed} plays the same year")
    log.configure("simulate", level="error")
    data = Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute() / "simulate"
    try:
        return uvloop.run(simulate(chosen, data))
    except (StartError, MashangError) as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
