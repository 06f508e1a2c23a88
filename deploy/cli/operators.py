"""`mashang operator add|disable`: who may sign in at the desk."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, get_args

from deploy.cli import secret, surroundings
from services.verification.directory.commands import disable_operator, explain, set_operator
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin.passwords import TooShort
from shared.access import Role
from shared.bus import outbox
from shared.errors import Misconfigured

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the parser."""
    group = commands.add_parser("operator", help="add or disable an operator")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    one = actions.add_parser("add", help="add an operator, or change one and set a new password")
    one.add_argument("username")
    one.add_argument("--name", required=True, help="as shown on the desk")
    one.add_argument("--role", required=True, choices=get_args(Role))
    one.add_argument("--scope", required=True, help="the code of a unit or of a place above")
    one.add_argument("--badge", help="if the operator is also an officer of the directory")
    one.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    one.set_defaults(run=add)
    two = actions.add_parser("disable", help="cut an operator off at once")
    two.add_argument("username")
    two.set_defaults(run=disable)


async def add(options: argparse.Namespace) -> int:
    """Add or change an operator."""
    password = secret.from_stdin() if options.password_stdin else secret.typed_twice()
    operator = StoredOperator(
        options.username, options.name, options.role, options.scope, options.badge, active=True
    )
    async with surroundings.transaction("verification") as conn:
        try:
            refused = await set_operator(conn, operator, password)
        except TooShort as short:
            raise Misconfigured(str(short)) from None
        await outbox.hint(conn)
    for error in refused.errors if refused else ():
        print(f"mashang: --{error.column}: {explain(error)}", file=sys.stderr)
    if refused:
        return 1
    print(f"{operator.username} can sign in as {operator.role} of {operator.scope}")
    return 0


async def disable(options: argparse.Namespace) -> int:
    """Disable an operator and end their sessions."""
    async with surroundings.transaction("verification") as conn:
        found = await disable_operator(conn, options.username)
        await outbox.hint(conn)
    if not found:
        raise Misconfigured(f"no active operator is called {options.username}; check the name")
    print(f"{options.username} is signed out and cannot sign in; all services follow within 60 s")
    return 0
