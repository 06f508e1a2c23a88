"""The table of all trials."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tests.defects.trial import Trial

MOST_LINES = 25


def table(trials: Sequence[Trial]) -> Table:
    """A row a defect."""
    made = Table(title=summary(trials), title_justify="left", title_style="bold")
    made.add_column("defect", no_wrap=True)
    made.add_column("caught by", overflow="fold")
    made.add_column("seconds", justify="right")
    made.add_column("")
    for trial in trials:
        style = "green" if trial.is_well else "bold red"
        names = "\n".join(trial.by) or "-"
        verdict = Text(trial.verdict, style)
        made.add_row(trial.defect.name, names, f"{trial.seconds:.0f}", verdict)
    return made


def summary(trials: Sequence[Trial]) -> str:
    """`61 of 62 seeded defects caught`."""
    return f"{sum(trial.is_well for trial in trials)} of {len(trials)} seeded defects caught"


def complaint(trial: Trial) -> str:
    """What a person needs who looks at one that survived: why it matters, and what was run."""
    said = "\n".join(trial.said.splitlines()[-MOST_LINES:])
    tests = " ".join(trial.defect.tests)
    return f"{trial.defect.name}: {trial.verdict}\n{trial.defect.why}\n{tests}\n{said}"
