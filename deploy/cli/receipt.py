"""`mashang receipt verify FILE`: what a receipt's file proves, checked offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import signed, spoken
from deploy.cli.groups import group
from services.intake.commands import MOST, Checked, check_receipt, list_keys
from shared.values import clock
from shared.web.texts import Texts, texts

app = group("Citizens' receipts.")
RECEIPTS = signed.Kind("receipts", "intake", MOST, "/receipt-keys", list_keys)


@app.command()
def verify(
    file: Annotated[Path, signed.FILE],
    keys: Annotated[list[str] | None, RECEIPTS.keys] = None,
    code: Annotated[str, typer.Option(help="The receipt's code: is it this very one?")] = "",
    lang: Annotated[str, spoken.OPTION] = "",
) -> None:
    """Check a receipt's file, and say what it proves and what not. Needs no network."""
    words = texts(lang or spoken.here())
    checked = RECEIPTS.check(file, keys, partial(check_receipt, typed=code), words)
    print("\n".join(lines(checked, words, compared=bool(code))))


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
