"""`mashang close verify FILE`: what a closed month's file proves, checked offline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import spoken, surroundings
from deploy.cli.receipt import given
from services.rewards.commands import (
    MOST,
    Checked,
    PublicKey,
    check_close,
    list_close_keys,
    read_close_keys,
)
from shared.errors import Invalid, Misconfigured
from shared.values.money import yuan
from shared.web.texts import Texts, texts

app = typer.Typer(help="Closed months of the ledger.")
SUMS = ("opening", "topped_up", "paid", "reversed", "closing")


@app.callback()
def _group() -> None:
    """Keeps `verify` a command of its own while it is the only one."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    keys: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE|KEY",
            help="The public keys, from /close-keys; else this installation's database is asked.",
        ),
    ] = None,
    lang: Annotated[str, spoken.OPTION] = "",
) -> None:
    """Check a closed month's file, and say what it holds. Needs no network."""
    words = texts(lang or spoken.here())
    with file.open("rb") as opened:
        raw = opened.read(MOST + 1)
    trusted = given(keys, read_close_keys) if keys else asyncio.run(_of_installation())
    try:
        checked = check_close(raw, trusted)
    except Invalid as invalid:
        raise Misconfigured(f"{file}: {words.wrong(invalid.wrong[0])}") from None
    print("\n".join(lines(checked, words)))


async def _of_installation() -> list[PublicKey]:
    async with surroundings.transaction("rewards") as conn:
        return await list_close_keys(conn)


def lines(checked: Checked, words: Texts) -> Iterator[str]:
    """What was found, in plain words."""
    closed = checked.closed
    year, _, month = closed["month"].partition("-")
    yield words.text("close_verified", name=checked.key.name, key_id=checked.key.key_id)
    told = words.text("close_month", year=int(year), month=int(month))
    yield f"{told}  {words.text('paper_signed')} {closed['signer']}  {closed['closed_at']}"
    for row in closed["sums"]["vendors"]:
        sums = " ".join(f"{name}={yuan(row[f'{name}_fen'])}" for name in SUMS)
        yield f"{row['vendor']}  {sums}"
    yield f"{words.text('close_owed')}  {yuan(closed['sums']['owed_fen'])}"
