"""`mashang open311 key NAME`: the key with which an app hands something in."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.groups import group
from services.intake.commands import key_of

app = group("Apps that speak Open311.")


@app.command()
def key(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Print the key of an app; it counts while MASHANG_OPEN311_CLIENTS of intake names the app."""
    print(key_of(surroundings.key_ring("MASHANG_CODE_KEYS", "intake"), name))
