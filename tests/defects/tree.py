"""A copy of the working tree, in which tests run: sound, or with one defect in it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Self

from tests.conftest import leashed
from tests.defects.defect import Defect

MOST_SECONDS = 1200
# Of one test, without the servers' start: a defect may make it wait for ever.
TEST_SECONDS = 90
# Enough to show who notices, without waiting for all of them.
FAILURES = 2
_FAILED = re.compile(r"^FAILED \S+?::(\S+?)(?:\[.*)?(?: - .*)?$", re.M)


@dataclass(frozen=True)
class Run:
    """What tests did: pytest's exit code (None for no end), which failed, and what it printed."""

    code: int | None
    failed: tuple[str, ...]
    said: str


def tracked(root: Path) -> list[Path]:
    """The files of the working tree as git sees it, new ones included, ignored ones not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (root / name).is_file()]


@dataclass(frozen=True)
class Tree:
    """The copy. Its modules come first in the interpreter that runs its tests."""

    root: Path

    @classmethod
    def copy(cls, source: Path, files: Iterable[Path], target: Path) -> Self:
        """These files of a source, and nothing else."""
        for file in files:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / file, target / file)
        return cls(target)

    @contextmanager
    def spoilt(self, defect: Defect) -> Iterator[None]:
        """With a defect in it for a while. DoesNotApply leaves the tree as it is."""
        place = self.root / defect.file
        before = place.read_text("utf-8")
        write(place, defect.applied(before))
        try:
            yield
        finally:
            write(place, before)

    def test(self, tests: Iterable[str]) -> Run:
        """Run tests of the copy, until a few of them have failed."""
        command = leashed(
            "-m", "pytest", "-q", "--tb=short", "-rf", "-p", "no:cacheprovider",
            "--hypothesis-profile=defects", f"--maxfail={FAILURES}",
            f"--timeout={TEST_SECONDS}", "-o", "timeout_func_only=true", *tests,
        )  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        try:
            done = subprocess.run(
                command, cwd=self.root, env=environment, capture_output=True, text=True,
                check=False, timeout=MOST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Run(None, (), f"no end after {MOST_SECONDS} s")
        names = dict.fromkeys(_FAILED.findall(done.stdout))
        return Run(done.returncode, tuple(names), done.stdout + done.stderr)


def write(place: Path, text: str) -> None:
    """The file, without what was compiled of it: two writes may be of one second and one length."""
    place.write_text(text, "utf-8")
    Path(cache_from_source(str(place))).unlink(missing_ok=True)
