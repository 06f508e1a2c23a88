"""`mashang sample replay`: the random review of days that are over, drawn again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.groups import group
from services.intake.commands import (
    Replayed,
    SampleDay,
    list_sample_days,
    read_sample_day,
    replay,
)

app = group("The random review of verdicts.")


@app.command("replay")
def replay_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE.json…]",
            help="Days from /api/v1/open/sample/DAY; else all of this installation's.",
        ),
    ] = None,
) -> None:
    """Draw each lot of a day again, and say whether all is as it was published.

    Fails with the days where it is not. Files need no network and no installation.
    """
    days = _read(files) if files else asyncio.run(_of_installation())
    told = list(lines(days))
    print("\n".join(line for line, _ in told) or "no day has been told yet")
    if not all(right for _, right in told):
        raise typer.Exit(1)


def _read(files: Iterable[Path]) -> list[SampleDay]:
    return [read_sample_day(file.read_bytes(), str(file)) for file in files]


async def _of_installation() -> Sequence[SampleDay]:
    async with surroundings.transaction("intake") as conn:
        return await list_sample_days(conn)


def lines(days: Iterable[SampleDay]) -> Iterator[tuple[str, bool]]:
    """A line each, and whether it is as it should be."""
    for day in days:
        again = replay(day)
        if again is None:
            yield f"{day.day}: its seed is sealed until the day is over", True
            continue
        drawn = sum(one.drawn for one in day.lots)
        yield f"{day.day}: {len(day.lots)} lots, {drawn} drawn; {_found(again)}", again.right


def _found(again: Replayed) -> str:
    if not again.fits:
        return "the seed is NOT the one that was committed to"
    if again.differing:
        return f"drawn again NOT the same: {', '.join(again.differing)}"
    return "the seed fits, and every lot is the same again"
