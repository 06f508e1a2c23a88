"""`mashang statement import FILE.csv --vendor NAME`: what an airtime vendor did on a day."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.directory import show_errors
from deploy.cli.groups import group
from services.rewards.commands import Imported, NotAStatement, import_statement

app = group("The airtime vendors' daily statements.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    vendor: Annotated[str, typer.Option(metavar="NAME", help="Whose statement it is.")],
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Its day, when the file has no row to tell."),
    ] = None,
) -> None:
    """Take in the statement of a day that is over: all of its rows, or none."""
    raw = file.read_bytes()
    try:
        done = asyncio.run(_import(vendor, raw, day.date() if day else None))
    except NotAStatement as bad:
        show_faults(file.name, bad)
        raise typer.Exit(1) from None
    print(summary(vendor, done))


def show_faults(name: str, bad: NotAStatement) -> None:
    """Each with its line and, where it is of one, its column."""
    told = [(line, *fault.partition(": ")) for line, fault in bad.faults]
    show_errors(
        name,
        [(line, head, rest) if rest and head.isidentifier() else (line, "", head + colon + rest)
         for line, head, colon, rest in told],
    )  # fmt: skip


async def _import(vendor: str, raw: bytes, day: date | None) -> Imported:
    async with surroundings.transaction("rewards") as conn:
        return await import_statement(conn, vendor, raw, day)


def summary(vendor: str, done: Imported) -> str:
    """One line."""
    strange = f"; {done.strange} of them are no orders of ours" if done.strange else ""
    settle = f"; {done.mismatches} mismatches to settle, on the rewards' page" * bool(
        done.mismatches
    )
    return f"{vendor} {done.day}: {done.rows} rows, {done.added} of them new{strange}{settle}"
