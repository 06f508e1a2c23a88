"""`mashang logs [SERVICE]`: what a local installation's services wrote, readably."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing, suppress
from typing import Annotated, Literal

import typer

from deploy.cli import log_files, surroundings
from deploy.cli.log_files import Line
from shared.errors import Misconfigured
from shared.observe import reading

CONTEXT = 20
Level = Literal["debug", "info", "warning", "error", "critical"]


def logs(
    service: Annotated[str | None, typer.Argument(help="Only this one's.")] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="The last lines, and then what comes.")
    ] = False,
    level: Annotated[Level, typer.Option(help="Only lines as bad as this.")] = "info",
    raw: Annotated[bool, typer.Option("--raw", help="The JSON as it was written.")] = False,
) -> None:
    """Show what the services of the local installation wrote.

    A container's logs are read with the container's own tools.
    """
    folder = surroundings.data_folder() / "logs"
    services = chosen(service, log_files.names(folder))
    if not follow:
        show(log_files.history(folder, services), level, raw)
        return
    batches = log_files.growing(folder, services)
    with closing(batches), suppress(KeyboardInterrupt):  # that is how one stops to watch
        show([x for x in next(batches) if x.entry.is_at_least(level)][-CONTEXT:], level, raw)
        for lines in batches:
            show(lines, level, raw)


def chosen(service: str | None, known: list[str]) -> list[str]:
    """Whose files to read. Misconfigured if there are none."""
    if not known:
        raise Misconfigured(f"no logs in {surroundings.data_folder()}; start with `make run`")
    if service is not None and service not in known:
        raise Misconfigured(f"no logs of {service}; there are: {', '.join(known)}")
    return [service] if service else known


def show(lines: Iterable[Line], level: Level, raw: bool) -> None:
    """Those that are as bad, at once."""
    for line in lines:
        if line.entry.is_at_least(level):
            print(reading.shown(line.raw) if raw else readable(line), flush=True)


def readable(line: Line) -> str:
    """With the local time in front."""
    at = "" if line.at == log_files.LONG_AGO else line.at.astimezone().strftime("%m-%d %H:%M:%S")
    return f"{at:<14} {line.entry}"
