"""Commands that belong together under one name."""

from __future__ import annotations

import typer


def group(told: str) -> typer.Typer:
    """A group that says what it is about, and stays one while it has a single command."""
    app = typer.Typer(help=told)
    app.callback()(_nothing)
    return app


def _nothing() -> None:
    """Typer makes a lone command the whole program unless its group has a callback."""
