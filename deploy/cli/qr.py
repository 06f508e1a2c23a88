"""`mashang qr`: the signed codes for the windows, as pictures to print."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from rich.console import Console
from rich.progress import track

from deploy.cli import surroundings
from services.intake.accept import codes
from services.verification.directory.store import units
from services.verification.directory.store.units import StoredUnit
from shared.errors import Misconfigured

if TYPE_CHECKING:
    from argparse import _SubParsersAction

FORMATS = ("svg", "png")


def add_to(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the parser."""
    one = commands.add_parser("qr", help="the signed codes for the windows")
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every active unit and its counters")
    which.add_argument("--unit", metavar="CODE", help="one unit and its counters")
    one.add_argument("--counter", type=int, metavar="N", help="only this counter of the unit")
    one.add_argument("--out", type=Path, metavar="DIR", help="write pictures into this folder")
    one.add_argument("--format", choices=FORMATS, default="svg")
    one.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Write the pictures; without --out print one unit's addresses and its code."""
    if options.all and (options.out is None or options.counter is not None):
        raise Misconfigured("--all needs --out DIR, and takes no --counter")
    async with surroundings.transaction("verification") as conn:
        known = await units.list_units(conn)
    chosen = list(choose(known, options.unit, options.counter))
    keys, base = surroundings.code_keys(), surroundings.public_url()
    pages = {
        (unit, counter): f"{base}/w/{codes.sign(keys, unit.unit_code, counter)}"
        for unit, counter in chosen
    }
    if options.out is None:
        show(pages)
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    for (unit, counter), page in track(
        pages.items(), "codes", console=console, transient=True, disable=not console.is_terminal
    ):
        write(options.out / f"{file_name(unit, counter)}.{options.format}", page)
    print(f"{len(pages)} codes of {len({u.unit_code for u, _ in chosen})} units in {options.out}")
    return 0


def choose(
    known: dict[str, StoredUnit], code: str | None, counter: int | None
) -> Iterator[tuple[StoredUnit, int | None]]:
    """The unit's own code, then one for each counter. Misconfigured for what does not exist."""
    if code is not None and code not in known:
        raise Misconfigured(f"no unit {code} in the directory; import it first")
    if not known:
        raise Misconfigured("the directory has no units; import them first")
    for unit in [known[code]] if code else [u for u in known.values() if u.active]:
        if counter is None:
            yield unit, None
        elif not 1 <= counter <= unit.counters:
            raise Misconfigured(f"unit {unit.unit_code} has counters 1 to {unit.counters}")
        for number in range(1, unit.counters + 1):
            if counter in (None, number):
                yield unit, number


def file_name(unit: StoredUnit, counter: int | None) -> str:
    """`411724006-00` for the unit, `411724006-02` for its second counter."""
    return f"{unit.unit_code}-{counter or 0:02d}"


def write(path: Path, page: str) -> None:
    """One picture, with the error correction that survives a scratched plate."""
    segno.make(page, error="q", micro=False).save(str(path), scale=10, border=4)


def show(pages: dict[tuple[StoredUnit, int | None], str]) -> None:
    """On the terminal."""
    for (unit, counter), page in pages.items():
        print(f"{unit.name}{f' · {counter}' if counter else ''}\n{page}")
        segno.make(page, error="m", micro=False).terminal(compact=True)
