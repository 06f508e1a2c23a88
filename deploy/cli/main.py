"""The command line itself: parsing, and one line for whatever goes wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence

import asyncpg

from deploy.cli import directory, events, operators, policy, qr
from deploy.local.process import StartError
from shared import db
from shared.errors import MashangError
from shared.observe import log

Command = Callable[[argparse.Namespace], Coroutine[None, None, int]]
COMMANDS = (directory, operators, qr, events, policy)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0 done, 1 refused or failed with one line, 2 wrongly called."""
    options = parser().parse_args(arguments)
    log.configure("mashang", "error")
    run: Command = options.run
    try:
        return asyncio.run(run(options))
    except db.AWAY as problem:
        if isinstance(problem, OSError) and problem.filename:
            return failed(f"{problem.filename}: {problem.strerror}")
        return failed(f"the database cannot be reached ({type(problem).__name__}); is it running?")
    except asyncpg.PostgresError as problem:
        return failed(f"the database refused: {problem}")
    except (MashangError, StartError, ValueError, OSError) as problem:
        return failed(str(problem))
    except KeyboardInterrupt:
        return failed("interrupted; nothing was stored")


def failed(line: str) -> int:
    """Say what is wrong."""
    print(f"mashang: {line}", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """All commands."""
    top = argparse.ArgumentParser(
        prog="mashang",
        description="Mashang's commands. Databases and keys come from the environment of the"
        " service, or else from the local installation (MASHANG_DATA, default .mashang).",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_to(commands)
    return top
