"""`mashang qr`: the signed codes for the windows, as pictures to print."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import segno
import typer
from rich.console import Console
from rich.progress import track

from deploy.cli import surroundings
from services.intake.commands import page
from services.verification.commands import Window, list_windows
from shared.errors import Misconfigured
from shared.values import text

Pages = Mapping[Window, str]


def qr(
    every: Annotated[
        bool, typer.Option("--all", help="Every active unit and its counters.")
    ] = False,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="One unit and its counters.")
    ] = None,
    counter: Annotated[
        int | None, typer.Option(metavar="N", help="Only this counter of the unit.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write pictures into this folder.")
    ] = None,
    kind: Annotated[Literal["svg", "png"], typer.Option("--format")] = "svg",
) -> None:
    """The signed codes for the windows: pictures with --out, else one unit's on the terminal."""
    if every == (unit is not None):
        raise Misconfigured("say either --all or --unit CODE")
    if every and (out is None or counter is not None):
        raise Misconfigured("--all needs --out DIR, and takes no --counter")
    windows = asyncio.run(_windows(text.identifier(unit) if unit else None, counter))
    keys = surroundings.key_ring("MASHANG_CODE_KEYS", "intake")
    base = surroundings.needed("MASHANG_PUBLIC_URL", "intake")
    pages = {window: page(base, keys, window.unit_code, window.counter) for window in windows}
    if out is None:
        show(pages)
    else:
        write(pages, out, kind)


async def _windows(unit: str | None, counter: int | None) -> list[Window]:
    async with surroundings.transaction("verification") as conn:
        return await list_windows(conn, unit, counter)


def show(pages: Pages) -> None:
    """On the terminal."""
    for window, address in pages.items():
        print(f"{window.name}{f' · {window.counter}' if window.counter else ''}\n{address}")
        segno.make(address, error="m", micro=False).terminal(compact=True)


def write(pages: Pages, folder: Path, kind: str) -> None:
    """Pictures with the error correction that survives a scratched plate."""
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    for window, address in track(
        pages.items(), "codes", console=console, transient=True, disable=not console.is_terminal
    ):
        path = folder / f"{file_name(window)}.{kind}"
        segno.make(address, error="q", micro=False).save(str(path), scale=10, border=4)
    units = {window.unit_code for window in pages}
    print(f"{len(pages)} codes of {len(units)} units in {folder}")


def file_name(window: Window) -> str:
    """`411724006-00` for the unit, `411724006-02` for its second counter."""
    return f"{window.unit_code}-{window.counter or 0:02d}"
