"""One launcher for a data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from deploy.local.process import StartError


def take_folder(data: Path) -> IO[str]:
    """Make the folder and hold it until the returned file is closed or the process ends."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = (data / "lock").open("a+")
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
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle
