"""`mashang invite draw`: invite a random sample of the people whom a window served."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from services.intake.commands import MARK, Drawn, Visits, cell, draw, read_visits
from shared.errors import Misconfigured
from shared.values import clock, text
from shared.values.sheet import BadSheet
from shared.web.texts import text as text_of

app = typer.Typer(help="Whom we ask how satisfied they are.")


@app.callback()
def _group() -> None:
    """Keeps `draw` a command of its own while it is the only one."""


@app.command("draw")
def draw_(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    size: Annotated[int, typer.Option(metavar="N", help="How many to invite.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who draws; it is recorded.")],
    out: Annotated[Path, typer.Option(metavar="FILE.csv", help="Where the invitations go.")],
) -> None:
    """Draw from the list of served visits (columns `visit` and, if wanted, `phone`).

    Writes each drawn visit with its phone, its code and its link, to be printed or sent. The draw
    is recorded; the same list again gives the same invitations. Visits and phones are not kept.
    """
    visits = read(file.read_bytes(), file)
    keys = surroundings.key_ring("MASHANG_CODE_KEYS", "intake")
    base = surroundings.needed("MASHANG_PUBLIC_URL", "intake").rstrip("/")
    day = clock.service_day(clock.now(), surroundings.policies("intake").editions[-1].zone)

    async def run() -> Drawn:
        async with surroundings.transaction("intake") as conn:
            unit_code = text.identifier(unit)
            return await draw(conn, keys, unit_code, visits, size=size, by=text.line(by), day=day)

    done = asyncio.run(run())
    out.write_text(written(done, visits, base), "utf-8")
    told = done.draw
    print(
        f"draw {told.number}: {told.size} of {told.population} visits of {told.unit_code}, drawn by"
        f" {told.drawn_by} on {told.day}\nseed {told.seed}\nlist {told.list_sha256}\n{out}"
    )


def read(raw: bytes, where: Path) -> Visits:
    """The phone of each visit, empty where none is given. Misconfigured names what is wrong."""
    try:
        return read_visits(raw)
    except BadSheet as bad:
        first = bad.errors[0]
        place = f"{where}: line {first.line}" + f": {first.column}" * bool(first.column)
        raise Misconfigured(f"{place}: {text_of('en', first.key, **first.values)}") from None


def written(done: Drawn, visits: Visits, base: str) -> str:
    """The invitations as a sheet that spreadsheets open as it is."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(("visit", "phone", "code", "link"))
    for one in done.invited:
        row = (one.visit, visits[one.visit], one.code, f"{base}/w/{one.code}")
        writer.writerow([cell("", value) for value in row])
    return MARK + sheet.getvalue()
