"""One defect on trial: does a test that should notice it fail?"""

import time
from dataclasses import dataclass
from typing import Literal

from tests.defects.defect import Defect, DoesNotApply
from tests.defects.tree import Run, Tree

Verdict = Literal["caught", "NOT CAUGHT", "does not apply", "does not run"]
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Trial:
    """How it ended. `said` is what to read when it did not end well."""

    defect: Defect
    verdict: Verdict
    by: tuple[str, ...] = ()
    seconds: float = 0.0
    said: str = ""

    @property
    def is_well(self) -> bool:
        """Whether the suite can be relied on here."""
        return self.verdict == "caught"


def try_one(defect: Defect, tree: Tree) -> Trial:
    """In a sound tree, which is sound again afterwards."""
    began = time.monotonic()
    try:
        with tree.spoilt(defect):
            run = tree.test(defect.tests)
    except DoesNotApply as error:
        return Trial(defect, "does not apply", said=str(error))
    return Trial(defect, verdict_of(run), run.failed, time.monotonic() - began, run.said)


def verdict_of(run: Run) -> Verdict:
    """A test must fail by its own assertion; one that cannot even begin has noticed nothing."""
    if run.code == PASSED:
        return "NOT CAUGHT"
    return "caught" if run.code == FAILED and run.failed else "does not run"
