"""How a secret's keys follow one another, as it stands beside them in `secrets.json`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared import config

# Known to all before anybody uses it; used before; taken from the services, kept for old backups.
Stage = Literal["coming", "older", "retired"]
# Also of codes on windows, whose key is one character of theirs.
IDS = "123456789ABCDEFGHJKMNPQRSTVWXYZ"


def usable(text: str) -> str:
    """A key of 32 bytes; ValueError says what is wrong."""
    config.key(text)
    return text


Key = Annotated[str, AfterValidator(usable)]


class Kept(BaseModel):
    """A key besides the one in use; `since` is when it was made, None for the very first."""

    model_config = ConfigDict(frozen=True)

    id: str
    value: Key
    since: datetime | None
    stage: Stage


class Turn(BaseModel):
    """The id of the key in use, since when it is there, and the others by their age."""

    model_config = ConfigDict(frozen=True)

    id: str = IDS[0]
    since: datetime | None = None
    kept: tuple[Kept, ...] = ()

    def known(self, value: str) -> Iterator[tuple[str, str]]:
        """Ids and values of all that services are told, the one in use first."""
        yield self.id, value
        yield from ((one.id, one.value) for one in self.kept if one.stage != "retired")

    def next_id(self) -> str:
        """One that was never used. ValueError when there is none left."""
        used = {self.id, *(one.id for one in self.kept)}
        return next(iter(one for one in IDS[IDS.index(max(used)) + 1 :]))
