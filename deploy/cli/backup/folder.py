"""A folder of backups: which there are, and which one reaches a moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.cli.moments import shown
from shared.errors import Misconfigured

ABOUT = "backup.json"
BASE = "base"


@dataclass(frozen=True)
class Backup:
    """One copy of the server. By `ended_at`, of the server's clock, it is whole.

    `databases` are their migrations by name; `keys` the ids by variable of the keys that open what
    is sealed in them, `followed` whether somebody followed what the server wrote meanwhile.
    """

    path: Path
    began_at: datetime
    ended_at: datetime
    postgresql: int
    followed: bool
    databases: Mapping[str, Sequence[str]]
    keys: Mapping[str, Mapping[str, Sequence[str]]]

    @property
    def base(self) -> Path:
        """The server's files."""
        return self.path / BASE

    def write(self) -> None:
        """Beside the files."""
        told = asdict(self) | {"path": None}
        text = json.dumps(told, indent=1, ensure_ascii=False, default=datetime.isoformat)
        (self.path / ABOUT).write_text(f"{text}\n")

    @classmethod
    def read(cls, path: Path) -> Backup:
        """Misconfigured when it is not what we wrote."""
        try:
            told: dict[str, Any] = json.loads((path / ABOUT).read_bytes())
            at = {name: datetime.fromisoformat(told[name]) for name in ("began_at", "ended_at")}
            return cls(**{**told, **at, "path": path})
        except (ValueError, TypeError, KeyError):
            raise Misconfigured(f"{path / ABOUT} cannot be read; it is none of ours") from None


def wal(folder: Path) -> Path:
    """Where lies what the server has written since."""
    return folder / "wal"


def listed(folder: Path) -> list[Backup]:
    """The whole ones, the oldest first."""
    found = [Backup.read(path.parent) for path in folder.glob(f"[!.]*/{ABOUT}")]
    return sorted(found, key=lambda one: one.ended_at)


def chosen(found: Sequence[Backup], at: datetime | None) -> Backup:
    """The newest that was whole by then. Misconfigured when there is none."""
    if not found:
        raise Misconfigured("there is no backup in this folder; see `mashang backup take`")
    early = [one for one in found if at is None or one.ended_at <= at]
    if not early:
        raise Misconfigured(f"the oldest backup is of {shown(found[0].ended_at)}, which is later")
    return early[-1]
