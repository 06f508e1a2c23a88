"""Log files that only their owner reads and that do not grow for ever."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 5 * 1024 * 1024
KEPT = 3


class LogFile:
    """Lines appended to `name.log`; when it is full it becomes `name.log.1`, and so on."""

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path, self._most = path, most
        self._file: int | None = None
        self._size = 0

    def __call__(self, line: str) -> None:
        """One line, at once."""
        raw = line.encode("utf-8", "replace") + b"\n"
        file = self._open() if self._file is None else self._file
        if self._size and self._size + len(raw) > self._most:
            self.close()
            shift(self._path)
            file = self._open()
        self._size += os.write(file, raw)

    def close(self) -> None:
        """Nothing more is written until the next line."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        self._file = file = open_private(self._path)
        self._size = os.fstat(file).st_size
        return file


def open_private(path: Path) -> int:
    """A file to append to that only its owner reads, also if it was there before."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file


def turn(path: Path, most: int = MOST_BYTES) -> None:
    """Make room in a file that its program writes by itself, if it is nearly full."""
    if path.exists() and path.stat().st_size >= most * 0.9:
        shift(path)


def shift(path: Path) -> None:
    """The present file becomes `.1`, and so on; the oldest goes."""
    for number in range(KEPT - 1, 0, -1):
        former = numbered(path, number)
        if former.exists():
            former.replace(numbered(path, number + 1))
    path.replace(numbered(path, 1))


def numbered(path: Path, number: int) -> Path:
    """`name.log.2`: the file before the file before the present one."""
    return path.with_name(f"{path.name}.{number}")
