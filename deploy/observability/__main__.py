"""`make observe`: Prometheus beside a running `make run`, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from deploy.local import targets
from deploy.local.console import Console
from deploy.local.folder import take_folder
from deploy.local.ports import PortError, Ports, check_free
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from deploy.observability.prometheus import Prometheus


def main() -> int:
    """Exit code 0 after an orderly end, 1 after one line saying what is wrong."""
    try:
        asyncio.run(live())
    except (StartError, PortError) as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1
    return 0


async def live() -> None:
    """Run until the first signal; nothing of it stays."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    port = targets.port()
    check_free("prometheus", port)
    ports, console = Ports.from_env(), Console()
    with take_folder(data_folder() / "prometheus"):
        async with Prometheus(data_folder() / "prometheus", port, ports) as server:
            console.step(f"Prometheus is at {server.url}, data in {server.data}")
            console.step(f"it watches every instance that {data_folder() / targets.FILE} names")
            console.step(f"alerts: {server.url}/alerts; Ctrl-C ends it, the data is kept")
            await stop.wait()


def data_folder() -> Path:
    """Beside what it watches."""
    return Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute()


if __name__ == "__main__":
    sys.exit(main())
