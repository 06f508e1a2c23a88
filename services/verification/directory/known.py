"""The directory as it stands, and what does not fit it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.verification.directory.rules import references, tree
from services.verification.directory.rules.references import Directory
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.store import officers, places, units, windows
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.units import StoredUnit
from services.verification.directory.store.windows import UnitWindow
from shared.db import Connection
from shared.values.sheet import RowError


@dataclass(frozen=True)
class Known:
    """The directory as it stands, by code and badge; windows by `<unit>/<number>`."""

    places: dict[str, tree.Place]
    units: dict[str, StoredUnit]
    officers: dict[str, StoredOfficer]
    windows: dict[str, UnitWindow]


async def claim(conn: Connection) -> Known:
    """All of it, until the end of the transaction nobody else's to change.

    Two imports of the same file at once would publish every version twice.
    """
    await lock(conn)
    return Known(
        await places.list_places(conn),
        await units.list_units(conn),
        await officers.list_officers(conn),
        await windows.list_all(conn),
    )


async def lock(conn: Connection) -> None:
    """One change of the directory at a time."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('directory import'))")


def faults(sheet: Sheet, known: Known, levels: Sequence[str]) -> tuple[RowError, ...]:
    """Every row that does not fit what is there, by line."""
    counters = {code: unit.counters for code, unit in known.units.items()}
    there = Directory(known.places, known.units, known.officers, counters)
    errors = list(references.faults(sheet, there))
    errors += tree.faults(sheet.rows, known.places, levels)
    return tuple(sorted(errors, key=lambda e: e.line))
