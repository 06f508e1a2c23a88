"""`mashang data`: what is kept of people, as a page of Markdown; `deploy/DATA.md` is that page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated

import typer

from shared import policy
from shared.access import Role
from shared.personal import BESIDE, HELD, Held
from shared.policy import Policy
from shared.secret import read

HEAD = """# What is kept of people

Printed by `mashang data` from `shared/personal.py`, which a test compares with every table. Sealed
is encrypted for its row under a key that lies apart from the database (README, "Who knows what");
a keyed hash is good for comparing alone. Times are of {file}.
"""
COLUMNS = "| what | where | for how long | on whose screens |\n|---|---|---|---|"
SETTING = re.compile(r"\{([a-z_.]+)\} (\w+)")


def data(
    file: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="The rules that are in force.")
    ] = None,
) -> None:
    """Print what is kept of people: where, for how long, and which staff sees it."""
    named = file or Path(read("MASHANG_POLICY_FILE") or "deploy/policy.toml")
    print(page(policy.load(named).editions[-1], named.name), end="")


def page(rules: Policy, file: str) -> str:
    """The whole page."""
    return "\n".join(_lines(rules, file)) + "\n"


def _lines(rules: Policy, file: str) -> Iterator[str]:
    yield HEAD.format(file=file)
    for service, held in HELD.items():
        yield f"## {service}\n"
        if held:
            yield COLUMNS
            yield from (_row(one, rules) for one in held)
        else:
            yield "Neither words nor phones: what was found, and what follows from it."
        yield ""
    yield "## Beside them\n"
    yield "| where | what | for how long |\n|---|---|---|"
    yield from (f"| {where} | {what} | {_kept(kept, rules)} |" for where, what, kept in BESIDE)


def _row(one: Held, rules: Policy) -> str:
    where = ", ".join(f"`{column}`" for column in one.columns)
    return f"| {one.what} | {where} | {_kept(one.kept, rules)} | {_shown(one)} |"


def _kept(kept: str, rules: Policy) -> str:
    return SETTING.sub(
        lambda found: f"{reduce(getattr, found[1].split('.'), rules)} {found[2]} (`{found[1]}`)",
        kept,
    )


def _shown(one: Held) -> str:
    roles: Sequence[Role] = one.shown
    if not roles:
        return "nobody's"
    return ", ".join(roles).replace("_", " ") + (" (masked)" if one.masked else "")
