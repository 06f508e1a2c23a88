"""What commands and the demo may do to verification: the directory, its operators, its windows.

All functions run in the caller's transaction on a connection of the service.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from services.verification.casework.store.compared import KNOWN, TOLD
from services.verification.directory.commands import (
    Faults,
    Imported,
    RowError,
    disable_operator,
    explain,
    import_csv,
    set_operator,
)
from services.verification.directory.store import officers, operators, places, units
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.paging.acts import keep_first
from services.verification.signin.passwords import Passwords, TooShort
from shared.access import Role
from shared.db import Connection
from shared.errors import Misconfigured

__all__ = [
    "KNOWN",
    "TOLD",
    "Faults",
    "Imported",
    "RowError",
    "Wanted",
    "Window",
    "add_operator",
    "disable_operator",
    "explain",
    "get_root",
    "import_csv",
    "keep_first",
    "list_windows",
    "set_passwords",
]


@dataclass(frozen=True)
class Window:
    """Where a code hangs: a unit as a whole, one of its counters, a kiosk, an officer's desk."""

    unit_code: str
    name: str
    counter: int | None = None
    kiosk: int | None = None
    officer: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which codes are wanted: of which units (all active ones if none is named), and what of them.

    `counter` is the only one that is wanted of its unit.
    """

    units: tuple[str, ...] = ()
    counter: int | None = None
    counters: bool = False
    kiosks: int = 0
    officers: bool = False


async def list_windows(conn: Connection, wanted: Wanted) -> list[Window]:
    """The windows that are wanted. Misconfigured for what the directory does not have."""
    known = await units.list_units(conn)
    if not known:
        raise Misconfigured("the directory has no units; import them first")
    if strange := [code for code in wanted.units if code not in known]:
        raise Misconfigured(f"no unit {strange[0]} in the directory; import it first")
    chosen = [known[code] for code in dict.fromkeys(wanted.units)]
    chosen = chosen or [unit for unit in known.values() if unit.active]
    if wanted.counter is not None:
        return [_counter(chosen[0], wanted.counter)]
    badges = await officers.list_badges(conn) if wanted.officers else {}
    found = (_windows(unit, wanted, badges.get(unit.unit_code, ())) for unit in chosen)
    return list(chain.from_iterable(found))


def _counter(unit: StoredUnit, counter: int) -> Window:
    if not 1 <= counter <= unit.counters:
        raise Misconfigured(f"unit {unit.unit_code} has counters 1 to {unit.counters}")
    return Window(unit.unit_code, unit.name, counter)


def _windows(unit: StoredUnit, wanted: Wanted, badges: Sequence[str]) -> Iterator[Window]:
    code, name = unit.unit_code, unit.name
    yield Window(code, name)
    if wanted.counters:
        yield from (Window(code, name, n) for n in range(1, unit.counters + 1))
    yield from (Window(code, name, kiosk=n) for n in range(1, wanted.kiosks + 1))
    yield from (Window(code, name, officer=badge) for badge in badges)


async def get_root(conn: Connection) -> str | None:
    """The place that all others lie below; None while there is no directory."""
    found = await places.list_places(conn)
    return next((code for code, place in found.items() if not place.parent_code), None)


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
