"""A data folder: private, and with one launcher at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from deploy.local.process import StartError


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter; one that is there already becomes so."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as problem:
        raise StartError(f"{path} cannot be our folder: {problem.strerror}") from None
    return path


def private_file(path: Path, text: str) -> None:
    """Write a file that was never anybody else's to read, in a folder that is private too.

    Whole or not at all: it is written beside and renamed.
    """
    private_folder(path.parent)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)


def keep_to_owner(data: Path) -> None:
    """Take from others what an earlier version, or a hand, left readable. Links are not followed.

    PostgreSQL keeps its own folder, and starts only if that is private.
    """
    for folder, inner, files in os.walk(data):
        inner[:] = [name for name in inner if name != "cluster"]
        for path in (Path(folder, name) for name in (*inner, *files)):
            with suppress(OSError):  # gone meanwhile, or another user's, who keeps it
                if not path.is_symlink():
                    path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)


def take_folder(data: Path) -> IO[str]:
    """Make the folder and hold it until the returned file is closed or the process ends."""
    handle = os.fdopen(os.open(private_folder(data) / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        who = handle.read().strip() or "unknown"
        handle.close()
        raise StartError(
            f"already running on {data} (process {who}); stop it, or set MASHANG_DATA and the "
            "MASHANG_PORT_ variables for a second copy"
        ) from None
    keep_to_owner(data)
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle
