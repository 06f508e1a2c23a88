"""As whom PostgreSQL runs, which refuses the superuser.

Not root: as we are. Root, or an id without a name: in a user namespace, where our id is nobody's,
so that data and programs may lie anywhere, also below a folder that only root may enter. Where
namespaces are forbidden (some containers): as the system user `postgres` or `nobody`, with the data
below /var/tmp, and the programs copied there if that user cannot reach them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.local import inherited
from deploy.local.process import CHILD, StartError

SYSTEM_USERS = ("postgres", "nobody")
ELSEWHERE = Path("/var/tmp")  # noqa: S108  the folder below it is made and checked by us
POINTER = "location"


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server (as `child.py` understands it), where its data and programs lie."""

    user: str
    data: Path
    programs: Path

    def shim(self) -> list[str]:
        """What stands before a command that runs under this account and dies with us."""
        return shim(self.user)

    def own(self, path: Path) -> None:
        """Give a file of ours to the server's user, where that is another one."""
        if self.user not in ("-", "namespace"):
            os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)


def choose_account(data: Path, programs: Path, *, namespaces: bool = True) -> Account:
    """The account for a data folder; one that moved below /var/tmp is found there again."""
    if os.geteuid() != 0 and is_known(os.geteuid()):
        return Account("-", data, programs)
    moved = (data / POINTER).exists()
    if not moved and namespaces and works("namespace", "/bin/true"):
        return Account("namespace", data, programs)
    if os.geteuid() != 0:
        raise StartError("this user id has no name, which PostgreSQL needs; set DATABASE_URL")
    user = system_user()
    return Account(user, private_data(data, user), reachable_programs(programs, user))


def is_known(user: int) -> bool:
    """Whether the id has a name; in a container it may have none."""
    return any(entry.pw_uid == user for entry in pwd.getpwall())


def shim(user: str) -> list[str]:
    """The call of `child.py` for a short command."""
    return [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), "9", user, "--"]


def works(user: str, *command: str) -> bool:
    """Whether the command can be run under that account."""
    result = subprocess.run(
        [*shim(user), *command],
        cwd="/",
        env=inherited.for_program(),
        capture_output=True,
        check=False,
    )
    return result.returncode == 0


def system_user() -> str:
    """The first account of this machine that may own the server."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in SYSTEM_USERS:
        if name in known:
            return name
    raise StartError("PostgreSQL does not run as root; start as another user, or set DATABASE_URL")


def private_data(data: Path, user: str) -> Path:
    """The folder below /var/tmp that stands for `data`; a new `data` folder means a new one."""
    place = ELSEWHERE / f"mashang-{digest(data)}"
    owner = pwd.getpwnam(user).pw_uid
    if place.exists() and (place.is_symlink() or place.stat().st_uid != owner):
        raise StartError(f"{place} belongs to somebody else; move it away")
    if place.exists() and not (data / POINTER).exists():
        shutil.rmtree(place)
    place.mkdir(mode=0o700, exist_ok=True)
    os.chown(place, owner, -1)
    (data / POINTER).write_text(f"{place}\n")
    return place


def reachable_programs(programs: Path, user: str) -> Path:
    """The programs' folder, or a copy of the wheel where that user can run it."""
    if works(user, str(programs / "postgres"), "--version"):
        return programs
    package = programs.parents[1]
    copy = ELSEWHERE / f"mashang-postgresql-{digest(programs)}"
    if copy.exists() and copy.stat().st_uid != 0:
        raise StartError(f"{copy} belongs to somebody else; move it away")
    copy.mkdir(exist_ok=True)
    copied = copy / programs.relative_to(package.parent)
    if not (copy / "complete").exists():
        # The programs look for their libraries in a folder beside the package.
        for name in (f"{package.name}.libs", str(programs.parent.relative_to(package.parent))):
            shutil.copytree(package.parent / name, copy / name, symlinks=True, dirs_exist_ok=True)
        for folder in (copied, *copied.parents):
            if folder.is_relative_to(copy):
                folder.chmod(0o755)  # its user is another one than ours, whatever our umask
        (copy / "complete").touch()
    return copied


def digest(path: Path) -> str:
    """A short name for a path."""
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
