"""`mashang reconcile FILE --vendor NAME`: a vendor's statement beside our ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli import surroundings
from deploy.cli.statement import show_faults
from services.rewards.commands import Imported, NotAStatement, import_statement, list_differences

MOST = 1000


def reconcile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (any usual encoding) or XLSX.")],
    vendor: Annotated[str, typer.Option(metavar="NAME", help="Whose statement it is.")],
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Its day, when the file has no row to tell."),
    ] = None,
) -> None:
    """Take in the statement of a day that is over and say where it differs from the ledger.

    Each difference is a line, and the end is 1. A bad row is named, and nothing is stored then; the
    same statement once more changes nothing. An order that we never made stops the vendor.
    """
    try:
        done, found = asyncio.run(
            _reconcile(vendor, file.read_bytes(), day.date() if day else None)
        )
    except NotAStatement as bad:
        show_faults(file.name, bad)
        raise typer.Exit(1) from None
    for one in found:
        print(told(one))
    print(summary(vendor, done))
    if done.stopped:
        print(f"nothing is paid through {vendor} until two people say so on its page")
    if found:
        raise typer.Exit(1)


async def _reconcile(
    vendor: str, raw: bytes, day: date | None
) -> tuple[Imported, Sequence[Mapping[str, Any]]]:
    async with surroundings.transaction("rewards") as conn:
        done = await import_statement(conn, vendor, raw, day)
        return done, await list_differences(conn, done.run, MOST)


def told(one: Mapping[str, Any]) -> str:
    """A difference in a line: what, which order, and what either side says."""
    facts = " ".join(f"{name}={value}" for name, value in one["facts"].items())
    return " ".join(filter(None, [one["kind"], one["order_id"], facts]))


def summary(vendor: str, done: Imported) -> str:
    """One line."""
    said = f"{done.differences} differences" if done.differences else "nothing differs"
    again = "; taken in before" if done.again else ""
    return f"{vendor} {done.day}, run {done.run}: {done.rows} rows, {said}{again}"
