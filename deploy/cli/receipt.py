"""`mashang receipt verify FILE`: what a receipt's file proves, checked offline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import spoken, surroundings
from services.intake.commands import (
    MOST,
    Checked,
    PublicKey,
    check_receipt,
    list_keys,
    read_keys,
)
from shared.errors import Invalid, Misconfigured
from shared.values import clock
from shared.web.texts import Texts, texts

app = typer.Typer(help="Citizens' receipts.")


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
            help="The public keys, from /receipt-keys; else this installation's database is asked.",
        ),
    ] = None,
    code: Annotated[str, typer.Option(help="The receipt's code: is it this very one?")] = "",
    lang: Annotated[str, spoken.OPTION] = "",
) -> None:
    """Check a receipt's file, and say what it proves and what not. Needs no network."""
    words = texts(lang or spoken.here())
    with file.open("rb") as opened:
        raw = opened.read(MOST + 1)
    trusted = given(keys) if keys else asyncio.run(_of_installation())
    try:
        checked = check_receipt(raw, trusted, code)
    except Invalid as invalid:
        raise Misconfigured(f"{file}: {words.wrong(invalid.wrong[0])}") from None
    print("\n".join(lines(checked, words, compared=bool(code))))


def given(
    keys: Sequence[str], read: Callable[[str, str], list[PublicKey]] = read_keys
) -> list[PublicKey]:
    """Keys as they were typed, or the files that they stand in."""
    return [key for one in keys for key in _keys(one, read)]


def _keys(one: str, read: Callable[[str, str], list[PublicKey]]) -> list[PublicKey]:
    if one.count("+") >= 2 and not Path(one).exists():
        return read(one, "--keys")
    return read(Path(one).read_text("utf-8-sig"), one)


async def _of_installation() -> list[PublicKey]:
    async with surroundings.transaction("intake") as conn:
        return await list_keys(conn)


def lines(checked: Checked, words: Texts, *, compared: bool) -> Iterator[str]:
    """What was found, in plain words."""
    stated = checked.stated
    yield words.text("verified", name=checked.key.name, key_id=checked.key.key_id)
    counter = stated["counter"]
    place = f" · {words.text('counter', n=counter)}" if counter else ""
    yield f"{words.text('unit')}  {stated['unit_code']}{place}"
    yield f"{words.text('kind')}  {words.text('kind_' + stated['kind'])}"
    received = datetime.fromisoformat(stated["received_at"]).astimezone(clock.home())
    yield f"{words.text('received')}  {received:%Y-%m-%d %H:%M:%S}"
    for name in ("callback", "verification"):
        if at := stated.get(f"{name}_due_at"):
            due = words.text("at_latest", at=words.due(datetime.fromisoformat(at)))
            yield f"{words.text(f'promised_{name}')}  {due}"
    yield words.text("verified_code" if compared else "verified_no_code")
    yield from map(words.text, ("proof_can", "proof_cannot", "proof_no_log"))
