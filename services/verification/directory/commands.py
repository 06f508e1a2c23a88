"""Changes to the directory: CSV imports and operators, for the command line and the launcher.

All functions run in the caller's transaction on a connection of the service `verification`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from services.verification.directory import importing, known
from services.verification.directory.explaining import explain
from services.verification.directory.importing import Imported, Manner, Progress, unwatched
from services.verification.directory.rules import sheets
from services.verification.directory.rules.faults import faults_of
from services.verification.directory.rules.rows import OperatorRow
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.saving import COMMAND_LINE, By, save_operator
from services.verification.directory.store import operators
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin.passwords import Passwords
from services.verification.signin.store import failures, sessions
from shared.db import Connection
from shared.values import text
from shared.values.seal import Seal
from shared.values.sheet import BadSheet, RowError

__all__ = [
    "Faults",
    "Imported",
    "RowError",
    "disable_operator",
    "explain",
    "import_csv",
    "set_operator",
]


@dataclass(frozen=True)
class Faults:
    """Nothing was imported; every fault with its line and column."""

    errors: tuple[RowError, ...]


async def import_csv(
    conn: Connection,
    raw: bytes,
    seal: Seal,
    levels: Sequence[str],
    *,
    by: By = COMMAND_LINE,
    first_password: str | None = None,
    progress: Progress = unwatched,
) -> Imported | Faults:
    """Import places, units, officers or operators, all rows or none.

    `levels` are the policy's, from the root down to the units'. Publishes an event for each unit,
    officer and operator that is new or changed; rows missing from the file stay as they are. New
    operators get `first_password`, or none and cannot sign in yet.
    """
    try:
        sheet = sheets.read(raw)
    except BadSheet as bad:
        return Faults(bad.errors)
    there = await known.claim(conn)
    if errors := known.faults(sheet, there, levels):
        return Faults(errors)
    return await importing.take(conn, sheet, there, Manner(seal, by, first_password, progress))


async def set_operator(conn: Connection, operator: StoredOperator, password: str) -> Faults | None:
    """Add an operator or change one, with a new password; sessions under the old one end."""
    there = await known.claim(conn)
    try:
        row = OperatorRow.model_validate(_cells(operator))
    except ValidationError as error:
        return Faults(tuple(faults_of(0, error)))
    if errors := known.faults(Sheet("operators", ((0, row),)), there, ()):
        return Faults(errors)
    hashed = await Passwords().hash(password)
    was = await operators.get_operator(conn, row.username)
    now = replace(importing.operator_of(row, was), active=operator.active)
    # A new password is a new version too: whoever knows only the old one is out everywhere.
    await save_operator(conn, was, now, password=True)
    await operators.set_password_hash(conn, now.username, hashed)
    await sessions.delete_sessions_of(conn, now.username)
    await failures.delete_failures_of(conn, now.username)
    return None


def _cells(operator: StoredOperator) -> dict[str, str]:
    named = ("username", "name", "role", "scope", "badge")
    return {name: getattr(operator, name) or "" for name in named}


async def disable_operator(conn: Connection, typed: str) -> bool:
    """Cut an operator off at once; False if there is no active one of that name."""
    await known.lock(conn)
    username = text.username(typed)
    operator = await operators.get_operator(conn, username)
    if operator is None or not operator.active:
        return False
    await save_operator(conn, operator, replace(operator, active=False))
    # Afterwards: somebody who is just signing in holds the row, and is cut off with the others.
    await sessions.delete_sessions_of(conn, username)
    return True
