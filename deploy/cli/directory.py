"""`mashang directory import FILE.csv`: places, units, officers or operators."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli import secret, surroundings
from services.verification.directory.commands import (
    Imported,
    Refused,
    RowError,
    explain,
    import_csv,
)
from shared.bus import outbox

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the parser."""
    group = commands.add_parser("directory", help="the places, units, officers and operators")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    one = actions.add_parser("import", help="import a CSV file; all of its rows or none")
    one.add_argument("file", type=Path, metavar="FILE.csv")
    one.add_argument(
        "--password-stdin",
        action="store_true",
        help="read a first password for new operators from standard input",
    )
    one.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Import; exit 1 with a table of errors when the file has any."""
    raw = options.file.read_bytes()
    password = secret.from_stdin() if options.password_stdin else None
    seal, levels = surroundings.seal(), surroundings.policies().level_keys
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(options.file.name, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        async with surroundings.transaction("verification") as conn:
            result = await import_csv(
                conn, raw, seal, levels, first_password=password, progress=show
            )
            await outbox.hint(conn)
    if isinstance(result, Refused):
        show_errors(options.file.name, result.errors)
        return 1
    print(summary(result))
    return 0


def summary(done: Imported) -> str:
    """One line."""
    return f"{done.kind}: {done.added} added, {done.changed} changed, {done.unchanged} unchanged"


def show_errors(name: str, errors: Sequence[RowError]) -> None:
    """A table on standard error; as plain lines where nobody watches."""
    noun = "error" if len(errors) == 1 else "errors"
    print(f"mashang: {name} has {len(errors)} {noun}; nothing was imported", file=sys.stderr)
    if not sys.stderr.isatty():
        for error in errors:
            place = ", ".join(filter(None, [f"line {error.line}", error.column]))
            print(f"{place}: {explain(error)}", file=sys.stderr)
        return
    table = Table("line", "column", "what to do")
    for error in errors:
        table.add_row(str(error.line), error.column, explain(error))
    Console(stderr=True).print(table)
