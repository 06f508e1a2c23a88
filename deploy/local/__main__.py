"""`make run`: start everything, follow one complaint to its end, stay up until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.demo import first_complaint, load_directory
from deploy.local.ports import PortError, Ports
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from deploy.local.stack import Stack
from deploy.local.welcome import addresses, screen
from shared.errors import MashangError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Exit code 0 after an orderly end, 1 after one line saying what is wrong."""
    try:
        asyncio.run(live())
    except (StartError, PortError, MashangError) as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1
    return 0


async def live() -> None:
    """Run until the first signal; a second one ends everything without draining."""
    work = asyncio.ensure_future(serve())
    signals = iter(("drain", "give up"))

    def on_signal() -> None:
        if next(signals, "give up") == "give up":
            os._exit(130)  # the kernel ends our children with us
        work.cancel()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    try:
        await work
    except asyncio.CancelledError:
        print("mashang: everything has stopped; the data is kept", flush=True)


async def serve() -> None:
    """The whole life between two signals."""
    stack = Stack(data_folder(), Ports.from_env())
    try:
        async with stack:
            stack.console.step("loading the demo's directory")
            if await load_directory(stack):
                welcome(stack, screen(stack.urls, stack.keys.demo_password,
                                      await first_complaint(stack)))  # fmt: skip
            else:
                stack.console.step("another directory is there; it stays, and nothing is filed")
                welcome(stack, addresses(stack.urls))
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        stack.console.step("drained")
        raise


def data_folder() -> Path:
    """`.mashang`, unless MASHANG_DATA moves it."""
    return Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute()


def welcome(stack: Stack, lines: Iterable[str]) -> None:
    """Where everything is; for the demo also how to sign in, and a code to scan."""
    for line in lines:
        stack.console.print(line)
    stack.console.print()
    stack.console.step("up; Ctrl-C drains and stops everything; `mashang logs` shows the logs")


if __name__ == "__main__":
    sys.exit(main())
