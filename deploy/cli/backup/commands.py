"""`mashang backup take|follow|restore|compare`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.backup import comparing, folder, restoring, taking
from deploy.cli.backup.following import Follower
from deploy.cli.backup.programs import Programs
from deploy.cli.backup.server import Server
from deploy.cli.moments import moment, shown

app = typer.Typer(help="The server that holds the five databases: copied, followed, restored.")
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the backups lie.")]
Bin = Annotated[
    Path | None,
    typer.Option("--programs", metavar="BIN", help="PostgreSQL's programs; else those with us."),
]
NEXT = """then, before the services start (deploy/README.md, "Restoring"):
  mashang backup compare                       what is missing
  mashang events resend --since …              an hour before that moment"""


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


@app.command()
def take(into: Folder, programs: Bin = None) -> None:
    """Copy the whole server while it works, and check the copy against its manifest.

    The server is MASHANG_BACKUP_URL's, a superuser's, or the local installation's own.
    """
    backup = taking.take(into, Server.here(), Programs.found(programs), say)
    say(f"{backup.path}: checked, and whole at {shown(backup.ended_at)}")
    if not backup.followed:
        say("nobody follows the server: this backup reaches no other moment; see backup follow")


@app.command()
def follow(into: Folder, programs: Bin = None) -> None:
    """Take away what the server writes as it writes it, until it is told to end.

    It keeps what it has not delivered on the server, in the replication slot `mashang_backup`.
    """
    found = Programs.found(programs)
    asyncio.run(Follower(folder.wal(into), Server.here(), found, say).run())


@app.command()
def restore(
    source: Folder,
    into: Annotated[Path, typer.Option(metavar="EMPTY", help="The new server's data folder.")],
    at: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="That moment; else all that is there."),
    ] = None,
    programs: Bin = None,
) -> None:
    """Bring a server back, as it was at a moment, into an empty folder; it is not started."""
    backup, last = restoring.restore(source, into, at, Programs.found(programs), say)
    say(f"{into} is as at {shown(at) if at else 'the end of what was followed'}")
    say(f"the last transaction in it is of {last or 'the backup itself'}")
    for service, keys in backup.keys.items():
        for variable, ids in keys.items():
            say(f"needs {variable} {', '.join(ids)} ({service})")
    say(NEXT)


@app.command()
def compare(
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="What came since then; else three days."),
    ] = None,
) -> None:
    """Compare what the services know of each other, as after a restore; 1 if anything is missing.

    Each database is its service's own DATABASE_URL_INTAKE and so on, or the local installation's.
    """
    gaps, waiting = asyncio.run(comparing.compare(since))
    for line in comparing.told(gaps, waiting):
        say(line)
    if gaps:
        raise typer.Exit(1)
