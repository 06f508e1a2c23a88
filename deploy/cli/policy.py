"""`mashang policy`: whether a policy file can be used, and what another one would change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import spoken
from deploy.cli.differences import lines
from shared import policy
from shared.errors import Misconfigured
from shared.policy import Policy
from shared.web.texts import texts

app = typer.Typer(help="The bureau's rules as numbers.")


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Read a policy file and list what is wrong with it: line, edition, key, mistake."""
    editions = sound(file)
    # Also that something is in force today, or no service starts.
    policy.load(file)
    days = ", ".join(str(edition.effective_from) for edition in editions)
    print(f"{file}: usable; in force from {days}")
    holidays = editions[-1].calendar.holidays
    if years := sorted({day.year for day in holidays}):
        print(f"its calendar has the holidays of {', '.join(map(str, years))}")


@app.command()
def diff(
    file: Annotated[Path, typer.Argument(metavar="A")],
    other: Annotated[Path | None, typer.Argument(metavar="B")] = None,
    lang: Annotated[str, spoken.OPTION] = "",
) -> None:
    """Say what changes for whom from the newest rules of A to those of B.

    Without B: from A's last edition but one to its last.
    """
    before, after = _two(file, other)
    print("\n".join(lines(before, after, texts(lang or spoken.here()))))


def _two(file: Path, other: Path | None) -> tuple[Policy, Policy]:
    if other is not None:
        return sound(file)[-1], sound(other)[-1]
    editions = sound(file)
    if len(editions) < 2:
        raise Misconfigured(f"{file} has one edition only; name a second file to compare it with")
    return editions[-2], editions[-1]


def sound(file: Path) -> Sequence[Policy]:
    """The editions of a file without mistakes; a single mistake is the answer, more are listed."""
    found = policy.examine(file)
    if len(found.mistakes) > 1:
        print("\n".join(found.mistakes), file=sys.stderr)
        raise Misconfigured(f"{file} has {len(found.mistakes)} mistakes")
    if found.mistakes:
        raise Misconfigured(found.mistakes[0])
    return found.editions
