"""`make steady`: the suite several times in a row while another process burns every core.

    python -m tests.steady [--times 5] [--burners 2] [what pytest takes ...]

Whatever fails in any round is named with the rounds in which it failed. Exit code 1 if anything
did, 2 if there was nothing to run. A round that is slow enough to fail for it is worth knowing:
somebody's machine is that slow.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from deploy.local.process import CHILD
from tests.conftest import ROOT

BURN = "while True: pass"
SUITE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def arguments() -> argparse.Namespace:
    """The command line; what is unknown is pytest's."""
    parser = argparse.ArgumentParser(prog="python -m tests.steady", description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="rounds")
    parser.add_argument("--burners", type=int, default=os.cpu_count() or 1, help="busy processes")
    chosen, rest = parser.parse_known_args()
    chosen.pytest = rest
    if chosen.times < 1 or chosen.burners < 0:
        parser.error("--times must be at least 1, --burners not negative")
    return chosen


def leashed(*command: str) -> "subprocess.Popen[bytes]":
    """A process that the kernel ends with us, however we end."""
    shim = (sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), str(int(signal.SIGTERM)))
    return subprocess.Popen([*shim, "-", "--", *command], cwd=ROOT, stdin=subprocess.DEVNULL)


@contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can."""
    burners = [leashed(sys.executable, "-I", "-S", "-c", BURN) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.terminate()
            burner.wait()


def run_once(chosen: Sequence[str], report: Path) -> list[str]:
    """A round: whose tests failed. LookupError if none ran."""
    at_once = () if "-n" in chosen else SUITE
    suite = leashed(sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *at_once, *chosen)
    try:
        suite.wait()
    finally:
        suite.terminate()
        suite.wait()
    if not report.exists():
        raise LookupError(f"pytest ended with {suite.returncode} and no report")
    return failed(report)


def failed(report: Path) -> list[str]:
    """The tests that a JUnit report does not call passed or skipped. LookupError if it is empty."""
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  pytest wrote it for us
    if not cases:
        raise LookupError("no test ran")
    return sorted(
        {
            f"{case.get('classname')}::{case.get('name')}"
            for case in cases
            if case.find("failure") is not None or case.find("error") is not None
        }
    )


def table(rounds: Sequence[Sequence[str]]) -> Table:
    """Each test that failed, and in which rounds."""
    found: Mapping[str, list[int]] = {
        test: [n for n, tests in enumerate(rounds, 1) if test in tests]
        for test in sorted({test for tests in rounds for test in tests})
    }
    shown = Table("test", "failed in round")
    for test, numbers in found.items():
        shown.add_row(test, ", ".join(map(str, numbers)))
    return shown


def main() -> int:
    """0 when every round passed whole, 1 when not, 2 when there was nothing to run."""
    chosen = arguments()
    rounds: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder, burning(chosen.burners):
        for number in range(1, chosen.times + 1):
            began = time.monotonic()
            try:
                rounds.append(run_once(chosen.pytest, Path(folder) / f"{number}.xml"))
            except LookupError as problem:
                console.print(f"steady: {problem}", style="bold red", markup=False)
                return 2
            spent = time.monotonic() - began
            console.print(f"round {number}/{chosen.times}: {len(rounds[-1])} failed, {spent:.0f} s")
    if any(rounds):
        console.print(table(rounds))
    return 1 if any(rounds) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("steady: interrupted; everything has stopped", file=sys.stderr)
        sys.exit(130)
