"""A local installation's log files: their lines in order, also while they grow and turn."""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from shared.observe import reading
from shared.observe.reading import Entry

LONG_AGO = datetime.min.replace(tzinfo=UTC)
PAUSE = 0.3


@dataclass(frozen=True, order=True)
class Line:
    """A line as it stands, and as it reads. What was printed counts with the line before it."""

    at: datetime
    raw: str = field(compare=False)
    entry: Entry = field(compare=False)


def names(folder: Path) -> list[str]:
    """Whose logs there are."""
    return sorted(path.stem for path in folder.glob("*.log"))


def history(folder: Path, services: Sequence[str]) -> Iterator[Line]:
    """All lines of these services by time, turned files first."""
    return heapq.merge(*(_lines(folder / f"{name}.log") for name in services))


def _lines(path: Path) -> Iterator[Line]:
    at = LONG_AGO
    for file in (*sorted(path.parent.glob(f"{path.name}.?"), reverse=True), path):
        with file.open(encoding="utf-8", errors="replace") as opened:
            for text in opened:
                line = _line(text, path.stem, at)
                at = line.at
                yield line


def _line(text: str, service: str, before: datetime) -> Line:
    raw = text.rstrip("\n")
    entry = reading.read(raw, service)
    return Line(entry.at or before, raw, entry)


def growing(folder: Path, services: Sequence[str]) -> Generator[list[Line], None, None]:
    """First what the present files hold, then what is written, for ever; each batch by time."""
    with ExitStack() as stack:
        tails = [stack.enter_context(closing(_Tail(folder / f"{name}.log"))) for name in services]
        while True:
            yield sorted(line for tail in tails for line in tail.read())
            time.sleep(PAUSE)


class _Tail:
    """One file from its beginning to wherever it grows, found again after it turned."""

    def __init__(self, path: Path) -> None:
        self._path, self._rest, self._at = path, b"", LONG_AGO
        self._file = self._open()

    def read(self) -> list[Line]:
        """The whole lines that came since."""
        turned = self._turned()
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        if turned:  # asked before the last read, so nothing was written behind it
            self._file.close()
            self._file = self._open()
        return [self._line(raw) for raw in lines]

    def close(self) -> None:
        """Nobody watches any more."""
        self._file.close()

    def _line(self, raw: bytes) -> Line:
        line = _line(raw.decode("utf-8", "replace"), self._path.stem, self._at)
        self._at = line.at
        return line

    def _turned(self) -> bool:
        try:
            return os.fstat(self._file.fileno()).st_ino != self._path.stat().st_ino
        except FileNotFoundError:
            return False

    def _open(self) -> IO[bytes]:
        return self._path.open("rb")
