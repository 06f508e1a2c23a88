"""`mashang score recount`: whether the ledgers are what the cases say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.groups import group
from services.scoring.commands import Recounted, recount_all
from shared import policy
from shared.policy import Policies

app = group("Points, strikes, sanctions and criticisms.")


@app.command()
def recount(
    policy_file: Annotated[
        Path, typer.Option("--policy", metavar="FILE", help="The policy in force.")
    ] = Path("deploy/policy.toml"),
) -> None:
    """Compare every balance, strike, sanction and criticism with a recount from the cases.

    Each difference is a line, and the end is 1.
    """
    done = asyncio.run(_recount(policy.load(policy_file)))
    print(summary(done))
    if done.differences:
        raise typer.Exit(1)


async def _recount(policies: Policies) -> Recounted:
    async with surroundings.transaction("scoring") as conn:
        return await recount_all(conn, policies, print)


def summary(done: Recounted) -> str:
    """One line."""
    said = f"{done.differences} differences" if done.differences else "nothing differs"
    return f"{done.verdicts} verdicts recounted: {said}"
