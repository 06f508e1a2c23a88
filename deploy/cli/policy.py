"""`mashang policy check FILE`: whether a policy file can be used."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from shared import policy

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the parser."""
    group = commands.add_parser("policy", help="the bureau's rules as numbers")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    one = actions.add_parser("check", help="read a policy file and list what is wrong with it")
    one.add_argument("file", type=Path, metavar="FILE")
    one.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Say which editions the file holds."""
    editions = policy.load(options.file).editions
    days = ", ".join(str(edition.effective_from) for edition in editions)
    print(f"{options.file}: usable; in force from {days}")
    return 0
