"""`mashang operator add|disable`: who may sign in at the desk."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from deploy.cli import secret, surroundings
from services.verification.commands import Faults, add_operator, disable_operator, explain
from shared.access import Role
from shared.bus import outbox
from shared.errors import Misconfigured
from shared.values import text

app = typer.Typer(help="Who may sign in at the desk.")


@app.command()
def add(
    username: str,
    name: Annotated[str, typer.Option(help="As shown on the desk.")],
    role: Annotated[Role, typer.Option()],
    scope: Annotated[str, typer.Option(help="The code of a unit or of a place above.")],
    badge: Annotated[
        str | None, typer.Option(help="If the operator is also an officer of the directory.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read it from standard input.")
    ] = False,
) -> None:
    """Add an operator, or change one and set a new password."""
    password = secret.from_stdin() if password_stdin else secret.typed_twice()
    username = text.username(username)
    refused = asyncio.run(_add(username, password, name, role, scope, badge))
    if refused:
        for error in refused.errors:
            print(f"mashang: --{error.column}: {explain(error)}", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{username} can sign in as {role} of {scope}")


async def _add(
    username: str, password: str, name: str, role: Role, scope: str, badge: str | None
) -> Faults | None:
    async with surroundings.transaction("verification") as conn:
        refused = await add_operator(
            conn, username, password, name=name, role=role, scope=scope, badge=badge
        )
        await outbox.hint(conn)
    return refused


@app.command()
def disable(username: str) -> None:
    """Cut an operator off at once."""
    username = text.username(username)
    if not asyncio.run(_disable(username)):
        raise Misconfigured(f"no active operator is called {username}; check the name")
    print(f"{username} is signed out and cannot sign in; all services follow within 60 s")


async def _disable(username: str) -> bool:
    async with surroundings.transaction("verification") as conn:
        found = await disable_operator(conn, username)
        await outbox.hint(conn)
    return found
