"""`mashang policy check FILE`: whether a policy file can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared import policy

app = typer.Typer(help="The bureau's rules as numbers.")


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Read a policy file and list what is wrong with it."""
    editions = policy.load(file).editions
    days = ", ".join(str(edition.effective_from) for edition in editions)
    print(f"{file}: usable; in force from {days}")
