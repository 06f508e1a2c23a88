"""What commands and the demo may do to verification: the directory, its operators, its windows.

All functions run in the caller's transaction on a connection of the service.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.verification.directory.commands import (
    Faults,
    Imported,
    disable_operator,
    explain,
    import_csv,
    set_operator,
)
from services.verification.directory.store import operators, units
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.signin.passwords import Passwords, TooShort
from shared.access import Role
from shared.db import Connection
from shared.errors import Misconfigured

__all__ = [
    "Faults",
    "Imported",
    "Window",
    "add_operator",
    "disable_operator",
    "explain",
    "import_csv",
    "list_windows",
    "set_passwords",
]


@dataclass(frozen=True)
class Window:
    """Where a code hangs: a unit as a whole, or one of its counters."""

    unit_code: str
    name: str
    counter: int | None


async def list_windows(
    conn: Connection, unit_code: str | None = None, counter: int | None = None
) -> list[Window]:
    """Every active unit (or the one named), each with its counters (or the one named).

    Misconfigured for what the directory does not have.
    """
    known = await units.list_units(conn)
    if not known:
        raise Misconfigured("the directory has no units; import them first")
    if unit_code is None:
        return [window for unit in known.values() if unit.active for window in _windows(unit)]
    if unit_code not in known:
        raise Misconfigured(f"no unit {unit_code} in the directory; import it first")
    found = [w for w in _windows(known[unit_code]) if counter in (None, w.counter)]
    if not found:
        raise Misconfigured(f"unit {unit_code} has counters 1 to {known[unit_code].counters}")
    return found


def _windows(unit: StoredUnit) -> Iterator[Window]:
    for counter in (None, *range(1, unit.counters + 1)):
        yield Window(unit.unit_code, unit.name, counter)


async def add_operator(
    conn: Connection,
    username: str,
    password: str,
    *,
    name: str,
    role: Role,
    scope: str,
    badge: str | None = None,
) -> Faults | None:
    """Add an operator, or change one; sessions under the old password end."""
    operator = StoredOperator(username, name, role, scope, badge, active=True)
    try:
        return await set_operator(conn, operator, password)
    except TooShort as short:
        raise Misconfigured(str(short)) from None


async def set_passwords(conn: Connection, usernames: Iterable[str], password: str) -> None:
    """One password for all of these, as demos have it."""
    hashed = await Passwords().hash(password)
    for username in usernames:
        await operators.set_password_hash(conn, username, hashed)
