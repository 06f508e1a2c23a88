"""`mashang invite draw`: invite a random sample of the people whom a window served."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from services.intake.commands import MARK, Drawn, cell, draw
from shared.errors import Misconfigured
from shared.values import clock, text

COLUMNS = {
    "visit": ("visit", "办件号", "办件编号", "号码", "排队号", "流水号"),
    "phone": ("phone", "电话", "手机", "手机号", "联系电话"),
}
Visits = Mapping[str, str]

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
    lines = list(csv.reader(io.StringIO(_decoded(raw, where))))
    if not lines:
        raise Misconfigured(f"{where}: empty; its first line names the columns, at least visit")
    places = {name: _place(lines[0], known) for name, known in COLUMNS.items()}
    visit, phone = places["visit"], places["phone"]
    if visit is None:
        raise Misconfigured(f"{where}: line 1: no column visit")
    found: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        if not any(line):
            continue
        own = text.identifier(line[visit]) if visit < len(line) else ""
        if not own:
            raise Misconfigured(f"{where}: line {number}: visit: missing")
        found[own] = line[phone] if phone is not None and phone < len(line) else ""
    return found


def _decoded(raw: bytes, where: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Misconfigured(f"{where}: neither UTF-8 nor GB18030")


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    folded = [text.line(name).lower() for name in names]
    return next((place for place, name in enumerate(folded) if name in known), None)


def written(done: Drawn, visits: Visits, base: str) -> str:
    """The invitations as a sheet that spreadsheets open as it is."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(("visit", "phone", "code", "link"))
    for visit, code in done.invited:
        row = (visit, visits[visit], code, f"{base}/w/{code}")
        writer.writerow([cell("", value) for value in row])
    return MARK + sheet.getvalue()
