"""What each kind of file does to the directory, once all its rows are known to be right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from services.verification.directory.rules import tree
from services.verification.directory.rules.rows import (
    OfficerRow,
    OperatorRow,
    PlaceRow,
    Row,
    UnitRow,
)
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.rules.tree import Places
from services.verification.directory.saving import (
    save_officer,
    save_operator,
    save_place,
    save_unit,
)
from services.verification.directory.store import officers, operators, places, units
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.signin.passwords import Passwords
from services.verification.signin.store import sessions
from shared.db import Connection
from shared.values.seal import Seal

Progress = Callable[[int, int], None]
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Imported:
    """What an import did; rows that were already so are `unchanged`."""

    kind: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def counting(self, was: object | None, now: object) -> "Imported":
        """One row more."""
        if was is None:
            return replace(self, added=self.added + 1)
        if was == now:
            return replace(self, unchanged=self.unchanged + 1)
        return replace(self, changed=self.changed + 1)


@dataclass(frozen=True)
class Known:
    """The directory as it stands, by code and badge."""

    places: dict[str, tree.Place]
    units: dict[str, StoredUnit]
    officers: dict[str, StoredOfficer]


async def load(conn: Connection) -> Known:
    """All of it."""
    return Known(
        await places.list_places(conn),
        await units.list_units(conn),
        await officers.list_officers(conn),
    )


def _rows(sheet: Sheet, kind: type[R], progress: Progress) -> Iterator[R]:
    for number, (_, row) in enumerate(sheet.rows, 1):
        if isinstance(row, kind):
            yield row
        progress(number, len(sheet.rows))


async def take_places(conn: Connection, sheet: Sheet, known: Known, progress: Progress) -> Imported:
    """Places; the units below one that moved or has a new name are told anew."""
    done, merged = Imported("places"), tree.merged(known.places, sheet.rows)
    for row in _rows(sheet, PlaceRow, progress):
        was, now = known.places.get(row.code), merged[row.code]
        await save_place(conn, was, now)
        done = done.counting(was, now)
    for unit in known.units.values():
        await save_unit(conn, unit, _located(unit, merged))
    return done


def _located(unit: StoredUnit, merged: Places) -> StoredUnit:
    above = merged[unit.parent_code]
    path = (*tree.path(merged, above.place_code), unit.unit_code)
    return replace(unit, parent=above.name, path=path)


async def take_units(conn: Connection, sheet: Sheet, known: Known, progress: Progress) -> Imported:
    """Units, each below its place."""
    done = Imported("units")
    for row in _rows(sheet, UnitRow, progress):
        was = known.units.get(row.code)
        now = _located(_unit_of(row, was), known.places)
        await save_unit(conn, was, now)
        done = done.counting(was, now)
    return done


def _unit_of(row: UnitRow, was: StoredUnit | None) -> StoredUnit:
    return StoredUnit(
        unit_code=row.code,
        name=row.name,
        parent="",
        parent_code=row.parent,
        path=(),
        kind=row.kind,
        counters=row.counters,
        active=_active(row.active, was),
        version=was.version if was else 0,
        matters=_matters(row.matters, was),
    )


def _matters(wanted: tuple[str, ...] | None, was: StoredUnit | None) -> tuple[str, ...]:
    if wanted is not None:
        return wanted
    return was.matters if was is not None else ()


async def take_officers(
    conn: Connection, sheet: Sheet, known: Known, seal: Seal, progress: Progress
) -> Imported:
    """Officers; their phones become blind indexes."""
    done = Imported("officers")
    for row in _rows(sheet, OfficerRow, progress):
        was = known.officers.get(row.badge)
        now = StoredOfficer(
            badge=row.badge,
            name=row.name,
            unit_code=row.unit_code,
            phone_index=seal.index(row.phone) if row.phone else None,
            active=_active(row.active, was),
            version=was.version if was else 0,
        )
        await save_officer(conn, was, now)
        done = done.counting(was, now)
    return done


async def take_operators(
    conn: Connection, sheet: Sheet, first_password: str | None, progress: Progress
) -> Imported:
    """Operators; the new ones get the first password."""
    done, known = Imported("operators"), await operators.list_operators(conn)
    # One hash for all of them: they share the password until each has set their own.
    hashed = await Passwords().hash(first_password) if first_password else None
    for row in _rows(sheet, OperatorRow, progress):
        was = known.get(row.username)
        now = operator_of(row, was)
        await save_operator(conn, was, now)
        if was is None and hashed:
            await operators.set_password_hash(conn, now.username, hashed)
        if not now.active:
            await sessions.delete_sessions_of(conn, now.username)
        done = done.counting(was, now)
    return done


def operator_of(row: OperatorRow, was: StoredOperator | None) -> StoredOperator:
    """The operator that a row asks for, of the version that is there."""
    active, version = _active(row.active, was), was.version if was else 0
    return StoredOperator(row.username, row.name, row.role, row.scope, row.badge, active, version)


def _active(wanted: bool | None, was: StoredUnit | StoredOfficer | StoredOperator | None) -> bool:
    if wanted is not None:
        return wanted
    return was.active if was is not None else True
