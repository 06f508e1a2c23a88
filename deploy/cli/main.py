"""The command line itself: its commands, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import asyncpg
import typer
from typer.exceptions import TyperException

from deploy.cli import (
    broker,
    close,
    data,
    directory,
    events,
    invite,
    logs,
    open311,
    operators,
    policy,
    qr,
    receipt,
    reconcile,
    resend,
    sample,
    score,
    statement,
)
from deploy.cli.backup import commands as backup
from deploy.cli.keys import commands as keys
from shared import faults
from shared.errors import MashangError
from shared.observe import log, reading

INTERRUPTED = 130
MOST = 2000

app = typer.Typer(
    help="Mashang's commands. Databases, keys and the broker come from the environment, named as"
    " the services name them, or else from the local installation (MASHANG_DATA, default"
    " .mashang).",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(directory.app, name="directory")
app.add_typer(operators.app, name="operator")
app.command("qr")(qr.qr)
events.app.command("resend")(resend.resend)
app.add_typer(events.app, name="events")
app.add_typer(policy.app, name="policy")
app.add_typer(broker.app, name="broker")
app.add_typer(statement.app, name="statement")
app.command("reconcile")(reconcile.reconcile)
app.add_typer(close.app, name="close")
app.add_typer(score.app, name="score")
app.add_typer(receipt.app, name="receipt")
app.add_typer(sample.app, name="sample")
app.add_typer(invite.app, name="invite")
app.add_typer(open311.app, name="open311")
app.add_typer(backup.app, name="backup")
app.add_typer(keys.app, name="keys")
app.command("logs")(logs.logs)
app.command("data")(data.data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0 done, 1 refused or failed with one line, 2 wrongly called."""
    log.configure("mashang", "error")
    try:
        code = app(arguments, prog_name="mashang", standalone_mode=False) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has gone; the interpreter must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as problem:
        return told(problem)
    return failed("interrupted", INTERRUPTED) if code == INTERRUPTED else int(code)


def told(problem: Exception) -> int:
    """Say what is wrong in a line, or raise again what nobody foresaw."""
    if isinstance(problem, TyperException):
        return failed(f"{problem.format_message()}{_help_of(problem)}", problem.exit_code)
    if isinstance(problem, typer.Abort):
        return failed("interrupted", INTERRUPTED)
    if isinstance(problem, OSError) and problem.filename:
        return failed(f"{problem.filename}: {problem.strerror}")
    if isinstance(problem, faults.AWAY):
        reason = faults.name_of(problem)
        return failed(f"the database cannot be reached ({reason}); is it running?")
    if isinstance(problem, asyncpg.PostgresError):
        return failed(f"the database refused: {problem}")
    if isinstance(problem, (MashangError, ValueError)):
        return failed(str(problem))
    raise problem


def _help_of(problem: TyperException) -> str:
    context = getattr(problem, "ctx", None)
    return f" (see {context.command_path} --help)" if context else ""


def failed(text: str, code: int = 1) -> int:
    """One line on standard error."""
    print(f"mashang: {reading.one_line(text, MOST)}", file=sys.stderr)
    return code
