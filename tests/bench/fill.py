"""`python -m tests.bench.fill --cases 10_000_000`: an installation with years behind it.

It fills the databases of a data folder, which `MASHANG_DATA=FOLDER make run` then shows, or those
of an installation that DATABASE_URL names (its administrator's). They must be empty. What is old
has nothing personal left. The people of tests/town.py work there, with its password.
"""

import argparse
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import uvloop
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from deploy.local import databases
from deploy.local.console import Console
from deploy.local.installation import Installation
from deploy.local.ports import Ports
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from shared.observe import log
from tests.bench import past
from tests.bench.__main__ import a_number
from tests.bench.city import Owning, found_city, steady
from tests.bench.growing import Done, forget, room
from tests.bench.growth import UNITS
from tests.town import PASSWORD, Town, town

FOLDER = ROOT / ".mashang" / "filled"
LEAST, MOST = 1000, 100_000_000
PEOPLE = ("city", "northern", "north1", "leader", "approver", "auditor")
_FIRST = "one of everything"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fill", description=__doc__)
    parser.add_argument("--cases", type=a_number, default=200_000, help="how many")
    parser.add_argument("--data", type=Path, default=FOLDER, help="the installation's folder")
    chosen = parser.parse_args()
    if not LEAST <= chosen.cases <= MOST:
        parser.error(f"--cases is {LEAST:,} to {MOST:,}")
    return chosen


async def fill(chosen: argparse.Namespace, progress: Progress) -> None:
    """Make what is missing, and fill it. StartError says why it cannot be."""
    console = Console()
    here = Installation(chosen.data, Ports.free(), console, fsync=True, restart=False)
    if here.postgres:
        room(here.data, chosen.cases)
    async with AsyncExitStack() as stack:
        if here.postgres:
            await stack.enter_async_context(here.postgres)
        mark = here.data / "postgres" / databases.MARK if here.postgres else None
        await databases.prepare(here.admin_url, here.keys, mark)
        stack.enter_context(steady())

        async def owning(service: str) -> asyncpg.Connection:
            name = databases.database_of(service)
            return await asyncpg.connect(here.admin_url, database=name)

        async def url(service: str) -> str:
            return here.database_url(service)

        await must_be_empty(owning)
        place = await stack.enter_async_context(town(url, here.keys))
        await grow(place, owning, chosen.cases, progress)


async def grow(place: Town, owning: Owning, cases: int, progress: Progress) -> None:
    """One of everything, and so many cases behind it."""
    bar = progress.add_task(_FIRST, total=None)
    tell(progress, _FIRST)
    city, copies = await found_city(place, owning, UNITS), cases // past.CASES
    progress.update(bar, total=city.tables * copies)
    await city.age(copies, advancing(progress, bar), personal=0)
    for service in place.services:
        owner = await owning(service)
        await forget(owner)
        await owner.close()


def advancing(progress: Progress, bar: TaskID) -> Done:
    """What tells the bar; a line for each tenth where there is none to be seen."""
    task, tenths = progress.tasks[bar], 0

    def done(table: str, copies: int) -> None:
        nonlocal tenths
        progress.update(bar, advance=copies, description=table)
        if int(task.percentage / 10) > tenths:
            tenths = int(task.percentage / 10)
            tell(progress, f"{tenths * 10:3} %  {table}")

    return done


def tell(progress: Progress, line: str) -> None:
    """What a terminal's bar shows, for a file or a pipe."""
    if not progress.console.is_terminal:
        print(line, flush=True)


async def must_be_empty(owning: Owning) -> None:
    """StartError where anybody has handed in anything."""
    owner = await owning("intake")
    taken = await owner.fetchval("SELECT EXISTS (SELECT FROM submissions)")
    await owner.close()
    if taken:
        raise StartError("there are submissions already; fill an empty installation (--data)")


def main() -> int:
    """0 when it is filled; 1 with one line that says why not."""
    chosen = arguments()
    log.configure("fill", "critical")  # what goes wrong here is one line, below
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    try:
        with Progress(*columns) as progress:
            uvloop.run(fill(chosen, progress))
    except (StartError, OSError, asyncpg.PostgresError) as problem:
        print(f"fill: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fill: interrupted; remove the folder before it is filled again", file=sys.stderr)
        return 130
    print(f"{chosen.cases:,} cases; MASHANG_DATA={chosen.data} make run shows them")
    print(f"{', '.join(PEOPLE)}: {PASSWORD}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
