"""`mashang close verify FILE`: what a closed month's file proves, checked offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from deploy.cli import signed, spoken
from deploy.cli.groups import group
from services.rewards.commands import MOST, Checked, check_close, list_close_keys
from shared.values.money import yuan
from shared.web.texts import Texts, texts

app = group("Closed months of the ledger.")
CLOSES = signed.Kind("closed months", "rewards", MOST, "/close-keys", list_close_keys)
SUMS = ("opening", "topped_up", "paid", "reversed", "closing")


@app.command()
def verify(
    file: Annotated[Path, signed.FILE],
    keys: Annotated[list[str] | None, CLOSES.keys] = None,
    lang: Annotated[str, spoken.OPTION] = "",
) -> None:
    """Check a closed month's file, and say what it holds. Needs no network."""
    words = texts(lang or spoken.here())
    checked = CLOSES.check(file, keys, check_close, words)
    print("\n".join(lines(checked, words)))


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
