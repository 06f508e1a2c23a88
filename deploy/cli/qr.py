"""`mashang qr`: the signed codes for the windows, as posters and pictures to print."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import segno
import typer
from rich.console import Console
from rich.progress import track

from deploy.cli import surroundings
from deploy.cli.made import Folder
from deploy.cli.posters import BARE, Format, Printer
from services.intake.commands import code, page
from services.verification.commands import Wanted, Window, list_windows
from shared.errors import Misconfigured
from shared.events import Language
from shared.values import clock, text
from shared.web.texts import LANGUAGES

Pages = Mapping[Window, str]


def qr(
    every: Annotated[bool, typer.Option("--all", help="Every active unit.")] = False,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="One unit; may be repeated.")
    ] = None,
    counter: Annotated[
        int | None, typer.Option(metavar="N", help="Only this counter of the unit.")
    ] = None,
    counters: Annotated[bool, typer.Option("--counters", help="Also each counter.")] = False,
    kiosks: Annotated[
        int, typer.Option(metavar="N", min=0, max=9, help="Also so many kiosks a unit.")
    ] = 0,
    officers: Annotated[bool, typer.Option("--officers", help="Also each officer.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write posters and pictures there.")
    ] = None,
    kind: Annotated[
        list[Format] | None, typer.Option("--format", help="Default: all of them.")
    ] = None,
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Of the posters; default: the policy's.")
    ] = "",
) -> None:
    """The signed codes for the windows: files with --out, else on the terminal."""
    if every == bool(unit):
        raise Misconfigured("say either --all or --unit CODE")
    if every and (out is None or counter is not None):
        raise Misconfigured("--all needs --out DIR, and takes no --counter")
    if counter is not None and len(unit or ()) > 1:
        raise Misconfigured("--counter is one of one unit; say --counters for all of them")
    if language and language not in LANGUAGES:
        raise Misconfigured(f"posters are in {' or '.join(LANGUAGES)}, not in {language[:20]!r}")
    wanted = Wanted(
        units=tuple(map(text.identifier, unit or ())), counter=counter,
        counters=counters or out is None, kiosks=kiosks, officers=officers,
    )  # fmt: skip
    pages, without = addresses(asyncio.run(_windows(wanted)))
    if out is None:
        show(pages)
    else:
        write(pages, out, kind or tuple(Format), language)
    for told in without:
        print(told)


async def _windows(wanted: Wanted) -> list[Window]:
    async with surroundings.transaction("verification") as conn:
        return await list_windows(conn, wanted)


def addresses(windows: Sequence[Window]) -> tuple[Pages, list[str]]:
    """Where each code leads; and a line for each officer whose code would be too long."""
    keys = surroundings.key_ring("MASHANG_CODE_KEYS", "intake")
    base = surroundings.needed("MASHANG_PUBLIC_URL", "intake")
    pages: dict[Window, str] = {}
    without: list[str] = []
    for one in windows:
        try:
            signed = code(keys, one.unit_code, one.counter, kiosk=one.kiosk, officer=one.officer)
            pages[one] = page(base, signed, kiosk=one.kiosk is not None)
        except ValueError as error:
            if not one.officer:
                raise
            without.append(f"no code for officer {one.officer} of {one.unit_code}: {error}")
    return pages, without


def show(pages: Pages) -> None:
    """On the terminal."""
    for window, address in pages.items():
        print(f"{window.name}{f' · {place}' if (place := _place(window)) else ''}\n{address}")
        segno.make(address, error="m", micro=False).terminal(compact=True)


def _place(window: Window) -> str:
    if window.kiosk:
        return f"kiosk {window.kiosk}"
    return window.officer or (str(window.counter) if window.counter else "")


def write(pages: Pages, folder: Path, formats: Sequence[Format], language: Language = "") -> None:
    """A file for each code and format. What an earlier run finished is not made again.

    Without a language in the policy's.
    """
    rule = surroundings.policies("intake").at(clock.now())
    printer = Printer(language or rule.language, rule)
    console, made = Console(stderr=True), Folder.of(folder)
    wanted = [(window, one) for window in pages for one in formats if one in _formats(window)]
    for window, one in track(
        wanted, "codes", console=console, transient=True, disable=not console.is_terminal
    ):
        printed = printer.printed(window, pages[window], one)
        made.put(file_name(window, one), printed.mark, printed.make)
    units = {window.unit_code for window in pages}
    again = f", {made.kept} of them from before" if made.kept else ""
    print(f"{len(wanted)} files for {len(pages)} codes of {len(units)} units in {folder}{again}")


def _formats(window: Window) -> Sequence[Format]:
    # A kiosk's code opens the page on the tablet once; it hangs nowhere.
    return BARE if window.kiosk else tuple(Format)


def file_name(window: Window, kind: Format) -> str:
    """`411724006-00.svg` for the unit, `411724006-02-a5.pdf` for its second counter's poster."""
    place = f"{window.counter or 0:02d}"
    if window.kiosk:
        place = f"K{window.kiosk}"
    if window.officer:
        place = f"P{window.officer}"
    stem = f"{window.unit_code}-{place}"
    return f"{stem}.{kind}" if kind in BARE else f"{stem}-{kind}.pdf"
