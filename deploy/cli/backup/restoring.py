"""A backup brought to a moment in an empty folder, and left there as a server that was stopped."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.cli.backup import folder as folders
from deploy.cli.backup.folder import Backup
from deploy.cli.backup.programs import Programs, Say, lines, server_user
from deploy.cli.backup.verifying import verify
from deploy.cli.moments import shown
from shared.errors import Misconfigured

_TOO_FAR = "recovery ended before configured recovery target was reached"
_READY = "database system is ready to accept connections"
_LAST = re.compile(r"last completed transaction was at log time (.+)")
_FILE = re.compile(r'restored log file "(\w+)" from archive')
_BAD = re.compile(r"(?:FATAL|PANIC): +(.+)")


def restore(
    folder: Path, into: Path, at: datetime | None, programs: Programs, say: Say
) -> tuple[Backup, str]:
    """The newest backup before that moment, and what happened until then (or all that is known).

    The second is the time of the last transaction in it, as PostgreSQL tells it. Misconfigured says
    why it cannot be, and the folder is as empty as before.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Misconfigured(f"{into} is not an empty folder")
    backup = folders.chosen(folders.listed(folder), at)
    if backup.postgresql != programs.major:
        raise Misconfigured(
            f"the backup is of PostgreSQL {backup.postgresql}, the programs are of"
            f" {programs.major}; name its own by --programs"
        )
    user = server_user()
    say(f"checking the backup of {shown(backup.ended_at)}")
    say(f"copying its {verify(backup.base)} bytes to {into}")
    try:
        shutil.copytree(backup.base, into, symlinks=True, dirs_exist_ok=True)
        into.chmod(0o700)
        last = _recover(folders.wal(folder), into, at, programs, user, say)
    except BaseException:
        empty(into)
        raise
    return backup, last


def _recover(
    wal: Path, into: Path, at: datetime | None, programs: Programs, user: str, say: Say
) -> str:
    (into / "recovery.signal").touch()
    last, bad = "", ""
    with (
        TemporaryDirectory(prefix="mashang-") as sockets,
        programs.started(
            "postgres", "-D", str(into), *settings(wal, at, sockets), env={}, user=user
        ) as child,
    ):
        for line in lines(child):
            if found := _FILE.search(line):
                say(f"replayed {found[1]}")
            last = found[1] if (found := _LAST.search(line)) else last
            bad = found[1] if (found := _BAD.search(line)) and not bad else bad
            if _READY in line:
                _stop(child)
    if bad:
        raise Misconfigured(_reason(bad, wal, last))
    return last


def _reason(bad: str, wal: Path, last: str) -> str:
    if _TOO_FAR in bad:
        until = f"; the last transaction there is of {last}" if last else ""
        return f"{wal} does not reach that moment{until}"
    return f"PostgreSQL could not recover: {bad}"


def _stop(child: subprocess.Popen[str]) -> None:
    """A fast shutdown, as before any start."""
    child.send_signal(signal.SIGINT)


def settings(wal: Path, at: datetime | None, sockets: str) -> list[str]:
    """Given for this one start, so that nothing of them stays in the folder."""
    told = {
        "restore_command": restore_command(wal),
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
        "listen_addresses": "",
        "unix_socket_directories": sockets,
        "hot_standby": "off",  # nobody reads meanwhile, so no limit need be as it was
        "archive_mode": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_line_prefix": "",
        "lc_messages": "C",
        "log_timezone": "UTC",
        "ssl": "off",
    }
    if at is not None:
        told["recovery_target_time"] = at.astimezone(UTC).isoformat(sep=" ")
    return [part for name, value in told.items() for part in ("-c", f"{name}={value}")]


def restore_command(wal: Path) -> str:
    """A file of what was followed, also the one that was not yet full."""
    place = shlex.quote(str(wal.absolute())).replace("%", "%%")
    return f"cp {place}/%f %p 2>/dev/null || cp {place}/%f.partial %p 2>/dev/null"


def empty(into: Path) -> None:
    """The folder stays, with nothing in it."""
    for path in into.iterdir() if into.exists() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
