"""PostgreSQL's own programs: where they are, and one of them run with its words."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.local.account import is_known, shim, works
from deploy.local.postgres_cluster import installed_programs
from shared.errors import Misconfigured

NEEDED = ("pg_basebackup", "pg_receivewal", "postgres")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Programs:
    """A folder of them; whoever runs one takes it along when they die."""

    folder: Path

    @classmethod
    def found(cls, folder: Path | None) -> Self:
        """Those in a folder, else those that came with us. Misconfigured when one is missing."""
        own = folder or installed_programs()
        if missing := [name for name in NEEDED if not (own / name).exists()]:
            raise Misconfigured(f"{own} has no {missing[0]}; name PostgreSQL's bin by --programs")
        return cls(own.absolute())

    @property
    def major(self) -> int:
        """Their version: 18 for 18.4."""
        told = subprocess.check_output([str(self.folder / "postgres"), "--version"], text=True)
        return int(re.findall(r"\d+", told)[0])

    def command(self, name: str, *arguments: str, user: str = "-") -> list[str]:
        """How one is called."""
        return [*shim(user), str(self.folder / name), *arguments]

    def run(self, name: str, *arguments: str, env: Mapping[str, str], say: Say) -> None:
        """One to its end; its progress is said. Misconfigured with its last words if it failed."""
        with self.started(name, *arguments, env=env) as child:
            last = ""
            for line in lines(child):
                last = line.removeprefix(f"{name}: ").removeprefix("error: ") or last
                if "%" in line:
                    say(line.strip())
        if child.returncode:
            raise Misconfigured(f"{name}: {last or f'ended with {child.returncode}'}")

    @contextmanager
    def started(
        self, name: str, *arguments: str, env: Mapping[str, str], user: str = "-"
    ) -> Iterator[subprocess.Popen[str]]:
        """One that runs; when the block ends, so has it."""
        child = subprocess.Popen(
            self.command(name, *arguments, user=user),
            env=spoken(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        with child:
            try:
                yield child
            except BaseException:
                child.kill()
                raise


def lines(child: subprocess.Popen[str]) -> Iterator[str]:
    """What it says, as it says it."""
    assert child.stdout is not None  # noqa: S101 (it is a pipe)
    for line in child.stdout:
        if line.strip():
            yield line.rstrip()


def spoken(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of one: it speaks English, since what it says is read."""
    return {**os.environ, "LC_ALL": "C", **env}


def server_user() -> str:
    """As whom a server runs that we start: as we are, or in a namespace where we are root.

    Misconfigured where neither may be.
    """
    if os.geteuid() != 0 and is_known(os.geteuid()):
        return "-"
    if works("namespace", "/bin/true"):
        return "namespace"
    raise Misconfigured("PostgreSQL does not run as root here; restore as the user it belongs to")
