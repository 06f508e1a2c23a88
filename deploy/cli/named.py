"""What several commands are told alike."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.flows import SERVICES


def known(service: str) -> str:
    """One of ours."""
    if service not in SERVICES:
        raise typer.BadParameter(f"choose from {', '.join(SERVICES)}")
    return service


Service = Annotated[str, typer.Option(callback=known, metavar="NAME", help=", ".join(SERVICES))]
