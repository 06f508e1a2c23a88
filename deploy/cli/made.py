"""A folder of files that take long to make: what is finished and unchanged is not made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

LIST = ".made"


@dataclass
class Folder:
    """The folder, and what it says of each file: the mark of all that went into it.

    A file stands there whole or not at all; whoever is interrupted goes on where they were.
    """

    path: Path
    marks: dict[str, str] = field(default_factory=dict)
    kept: int = 0

    @classmethod
    def of(cls, path: Path) -> Self:
        """The folder, made if it is not there yet."""
        path.mkdir(parents=True, exist_ok=True)
        listed = path / LIST
        lines = listed.read_text("utf-8").splitlines() if listed.exists() else []
        pairs = (line.partition(" ") for line in lines)
        return cls(path, {name: mark for mark, sep, name in pairs if sep})

    def put(self, name: str, mark: str, make: Callable[[], bytes]) -> None:
        """Make a file, unless it is there under this mark."""
        target = self.path / name
        if self.marks.get(name) == mark and target.exists():
            self.kept += 1
            return
        half = target.with_name(f".{name}.half")
        half.write_bytes(make())
        half.replace(target)
        with (self.path / LIST).open("a", encoding="utf-8") as listed:
            listed.write(f"{mark} {name}\n")
        self.marks[name] = mark
