"""`mashang directory import FILE`: places, units, officers, operators or windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from deploy.cli import secret, surroundings
from deploy.cli.groups import group
from services.verification.commands import Faults, Imported, RowError, explain, import_csv
from shared.bus import outbox
from shared.observe import reading
from shared.values.seal import Seal

app = group("The places, units, officers and operators.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="A first password for new operators.")
    ] = False,
) -> None:
    """Import a CSV or XLSX file, recognised by its header: all of its rows, or none."""
    raw = file.read_bytes()
    password = secret.from_stdin() if password_stdin else None
    result = asyncio.run(_import(file.name, raw, password))
    if isinstance(result, Faults):
        show_errors(file.name, [(e.line, _column(e), explain(e)) for e in result.errors])
        raise typer.Exit(1)
    print(summary(result))


def _column(error: RowError) -> str:
    """In a workbook with the sheet's name."""
    return f"{error.sheet}!{error.column}" if error.sheet else error.column


async def _import(name: str, raw: bytes, password: str | None) -> Imported | Faults:
    # An import compares phones by their blind index and seals nothing.
    seal = Seal({}, surroundings.key("MASHANG_INDEX_KEY", "verification"))
    levels = surroundings.policies("verification").level_keys
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        async with surroundings.transaction("verification") as conn:
            result = await import_csv(
                conn, raw, seal, levels, first_password=password, progress=show
            )
            await outbox.hint(conn)
    return result


def summary(done: Imported) -> str:
    """One line."""
    return f"{done.kind}: {done.added} added, {done.changed} changed, {done.unchanged} unchanged"


def show_errors(name: str, errors: Sequence[tuple[int, str, str]]) -> None:
    """A table on standard error; as plain lines where nobody watches."""
    noun = "error" if len(errors) == 1 else "errors"
    errors = [(line, column, reading.one_line(detail)) for line, column, detail in errors]
    print(
        f"mashang: {reading.one_line(name)} has {len(errors)} {noun}; nothing was imported",
        file=sys.stderr,
    )
    if not sys.stderr.isatty():
        for line, column, detail in errors:
            place = ", ".join(filter(None, [f"line {line}", column]))
            print(f"{place}: {detail}", file=sys.stderr)
        return
    table = Table("line", "column", "what to do")
    for line, column, detail in errors:
        table.add_row(str(line), Text(column), Text(detail))  # brackets are no markup of ours
    Console(stderr=True).print(table)
