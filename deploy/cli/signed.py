"""What all commands do that check a signed file offline: read it, find keys, say why not.

Keys are typed, or lie in files, or are those of this installation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer

from deploy.cli import surroundings
from shared.db import Connection
from shared.errors import Invalid, Misconfigured
from shared.values.notes import PublicKey, keys_in
from shared.web.texts import Texts

FILE = typer.Argument(metavar="FILE")
Checked = TypeVar("Checked")


@dataclass(frozen=True)
class Kind:
    """A kind of signed files: whose they are, their most bytes, and where all of its keys stand."""

    name: str
    service: str
    most: int
    address: str
    list_keys: Callable[[Connection], Awaitable[Sequence[PublicKey]]]

    @property
    def keys(self) -> Any:
        """The option that names public keys."""
        return typer.Option(
            metavar="FILE|KEY",
            help=f"The public keys, from {self.address}; else this installation's database is"
            " asked.",
        )

    def check(
        self,
        file: Path,
        keys: Sequence[str] | None,
        check: Callable[[bytes, Sequence[PublicKey]], Checked],
        words: Texts,
    ) -> Checked:
        """What a file proves. Misconfigured says in a line why it proves nothing."""
        with file.open("rb") as opened:
            raw = opened.read(self.most + 1)
        trusted = self._given(keys) if keys else asyncio.run(self._of_installation())
        try:
            return check(raw, trusted)
        except Invalid as invalid:
            raise Misconfigured(f"{file}: {words.wrong(invalid.wrong[0])}") from None

    def _given(self, keys: Sequence[str]) -> list[PublicKey]:
        return [key for one in keys for key in self._typed(one)]

    def _typed(self, one: str) -> list[PublicKey]:
        if one.count("+") >= 2 and not Path(one).exists():
            return self._read(one, "--keys")
        return self._read(Path(one).read_text("utf-8-sig"), one)

    def _read(self, text: str, where: str) -> list[PublicKey]:
        try:
            found = keys_in(text)
        except ValueError as error:
            raise Misconfigured(f"{where}: line {error} is no key of {self.name}") from None
        if not found:
            raise Misconfigured(f"{where}: no keys; they stand at {self.address}")
        return found

    async def _of_installation(self) -> Sequence[PublicKey]:
        async with surroundings.transaction(self.service) as conn:
            return await self.list_keys(conn)
