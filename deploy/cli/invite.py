"""`mashang invite draw`: invite a random sample of the people whom a window served."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.groups import group
from services.intake.commands import (
    Drawn,
    Sending,
    Visits,
    draw,
    read_visits,
    refused,
)
from shared.errors import Misconfigured
from shared.values import clock, tables, text
from shared.values.seal import Seal
from shared.values.sheet import BadSheet
from shared.web.texts import text as text_of

app = group("Whom we ask how satisfied they are.")


@app.command("draw")
def draw_(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    size: Annotated[int, typer.Option(metavar="N", help="How many to invite.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who draws; it is recorded.")],
    out: Annotated[Path, typer.Option(metavar="FILE.csv", help="Where the invitations go.")],
    sms: Annotated[bool, typer.Option("--sms", help="Send an SMS to those with a phone.")] = False,
) -> None:
    """Draw from the list of served visits (columns `visit` and, if wanted, `phone`).

    Writes each drawn visit with its phone, its code and its link, to be printed or sent; with
    `--sms` whoever has a phone gets an SMS instead. Phones that were asked within 90 days, or want
    no invitations, are left out. The draw is recorded; the same list again gives the same
    invitations and sends nothing. Visits and phones are not kept.
    """
    visits = read(file.read_bytes(), file)
    keys = surroundings.key_ring("MASHANG_CODE_KEYS", "intake")
    sending = _sending(sms=sms)
    day = clock.service_day(clock.now(), surroundings.policies("intake").editions[-1].zone)

    async def run() -> Drawn:
        async with surroundings.transaction("intake") as conn:
            return await draw(
                conn, keys, text.identifier(unit), visits, sending, size=size, by=text.line(by),
                day=day,
            )  # fmt: skip

    done = asyncio.run(run())
    out.write_text(written(done, visits, sending.base), "utf-8")
    for visit in refused(visits):
        print(f"{visit}: {visits[visit]!r} gets no SMS", file=sys.stderr)
    print(told(done), out, sep="\n")


def _sending(*, sms: bool) -> Sending:
    """How invitations go out; only an SMS needs the key that seals phones."""
    ring = surroundings.key_ring("MASHANG_SEAL_KEYS_PHONE", "intake") if sms else {}
    seal = Seal({"phone": ring}, surroundings.key("MASHANG_INDEX_KEY", "intake"))
    base = surroundings.needed("MASHANG_PUBLIC_URL", "intake").rstrip("/")
    return Sending(seal, base, sms)


def told(done: Drawn) -> str:
    """What the log has of a draw, and how its invitations went."""
    drawn = done.draw
    again = " (it had been made: nothing is sent again)" if done.again else ""
    return (
        f"draw {drawn.number}: {drawn.size} of {drawn.population} visits of {drawn.unit_code},"
        f" drawn by {drawn.drawn_by} on {drawn.day}{again}\n"
        f"{done.went('sms')} by SMS, {done.went('code')} to hand out, {done.went('recent')} not"
        f" asked again within 90 days, {done.went('declined')} want no invitations\n"
        f"seed {drawn.seed}\nlist {drawn.list_sha256}"
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
    """The invitations as a sheet that spreadsheets open as it is; codes only where to hand out."""
    rows = []
    for one in done.invited:
        out = (one.code, f"{base}/w/{one.code}") if one.how == "code" else ("", "")
        rows.append((one.visit, visits[one.visit], one.how, *out))
    return tables.written(("visit", "phone", "how", "code", "link"), rows)
