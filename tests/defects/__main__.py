"""`make defects`: put every seeded defect into a copy of the tree, one at a time, and see whether
the tests that guard it fail.

First the same tests must pass on the tree as it is. Exit code 1 if a defect survives, does not
apply any more, or keeps the tests from running.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console

from tests.conftest import ROOT
from tests.defects import catalogue, report
from tests.defects.defect import Defect
from tests.defects.tree import Tree, tracked
from tests.defects.trial import PASSED, Trial, try_one

# In a file as wide as the tests' names are; in a window as wide as that is.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.defects", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only defects named so")
    parser.add_argument("--at-once", type=int, default=1, help="how many trials run side by side")
    parser.add_argument("--list", action="store_true", help="say what would be tried, and why")
    parser.add_argument(
        "--trust", action="store_true", help="do not run the tests on the tree as it is"
    )
    return parser.parse_args()


def is_sound(defects: Sequence[Defect], tree: Tree) -> bool:
    """Whether all tests that the defects name pass without any defect; told if not."""
    console.print("the tests on the tree as it is …")
    run = tree.test(sorted({test for defect in defects for test in defect.tests}))
    if run.code != PASSED:
        console.print(run.said, markup=False)
        console.print("the tests fail without any defect", style="bold red")
    return run.code == PASSED


def try_all(defects: Sequence[Defect], trees: Sequence[Tree]) -> list[Trial]:
    """All of them, as many side by side as there are trees; told as they end."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def work(defect: Defect) -> Trial:
        tree = free.get()
        try:
            return try_one(defect, tree)
        finally:
            free.put(tree)

    ended: dict[str, Trial] = {}
    pool = ThreadPoolExecutor(len(trees))
    try:
        for done in as_completed([pool.submit(work, one) for one in defects]):
            trial = done.result()
            ended[trial.defect.name] = trial
            tell(trial, f"{len(ended)}/{len(defects)}")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [ended[one.name] for one in defects]


def tell(trial: Trial, place: str) -> None:
    """One that has ended."""
    told = f"{place} {trial.defect.name}: {trial.verdict} ({trial.seconds:.0f} s)"
    console.print(told, style="" if trial.is_well else "bold red", markup=False)
    if not trial.is_well:
        console.print(report.complaint(trial), markup=False)


def hold(defects: Sequence[Defect], at_once: int, *, trust: bool) -> int:
    """All trials, in trees that are gone afterwards; the exit code."""
    prefix = "mashang-defects-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        files = tracked(ROOT)
        places = [Path(folder) / str(number) for number in range(at_once)]
        trees = [Tree.copy(ROOT, files, place) for place in places]
        if not trust and not is_sound(defects, trees[0]):
            return 1
        trials = try_all(defects, trees)
    console.print(report.table(trials))
    return 0 if all(trial.is_well for trial in trials) else 1


def main() -> int:
    """0 when every defect was caught, else 1; 2 for a word that names none."""
    wanted = arguments()
    try:
        defects = catalogue.chosen(catalogue.load(), wanted.words)
    except LookupError as error:
        print(f"defects: {error.args[0]}", file=sys.stderr)
        return 2
    if wanted.list:
        for one in defects:
            console.print(f"{one.name}: {one.why}", markup=False)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return hold(defects, wanted.at_once, trust=wanted.trust)
    except KeyboardInterrupt:
        print("defects: interrupted", file=sys.stderr, flush=True)
        # The trials' threads wait for tests, and those end with this process.
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
