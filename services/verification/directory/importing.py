"""What each kind of file does to the directory, once all its rows are known to be right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from services.verification.directory.known import Known
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
    COMMAND_LINE,
    By,
    save_officer,
    save_operator,
    save_place,
    save_unit,
)
from services.verification.directory.store import operators
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.signin.passwords import Passwords
from services.verification.signin.store import sessions
from shared.bus import outbox
from shared.db import Connection
from shared.values.seal import Seal

Progress = Callable[[int, int], None]
R = TypeVar("R", bound=Row)


def unwatched(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Manner:
    """Whose change it is, and what no row says.

    New operators get `first_password`, or none and cannot sign in yet; who moved or left did so at
    `since`, or now; phones that are `kept` stay as they are, whatever the rows say.
    """

    seal: Seal
    by: By = COMMAND_LINE
    first_password: str | None = None
    progress: Progress = unwatched
    since: datetime | None = None
    phones_kept: bool = False


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


def _rows(sheet: Sheet, kind: type[R], progress: Progress) -> Iterator[R]:
    for number, (_, row) in enumerate(sheet.rows, 1):
        if isinstance(row, kind):
            yield row
        progress(number, len(sheet.rows))


async def take(conn: Connection, sheet: Sheet, known: Known, manner: Manner) -> Imported:
    """Rows of one kind, all of them right; an event for each that is new or changed."""
    async with outbox.collecting(conn):
        match sheet.kind:
            case "places":
                return await _take_places(conn, sheet, known, manner)
            case "units":
                return await _take_units(conn, sheet, known, manner)
            case "officers":
                return await _take_officers(conn, sheet, known, manner)
            case _:
                return await _take_operators(conn, sheet, manner)


async def _take_places(conn: Connection, sheet: Sheet, known: Known, manner: Manner) -> Imported:
    """The units below a place that moved or has a new name are told anew."""
    done, merged = Imported("places"), tree.merged(known.places, sheet.rows)
    for row in _rows(sheet, PlaceRow, manner.progress):
        was, now = known.places.get(row.code), merged[row.code]
        await save_place(conn, was, now, manner.by)
        done = done.counting(was, now)
    for unit in known.units.values():
        await save_unit(conn, unit, located(unit, merged), By(manner.by.username))
    return done


def located(unit: StoredUnit, places: Places) -> StoredUnit:
    """A unit as it stands in a tree, below the place that it names."""
    above = places[unit.parent_code]
    path = (*tree.path(places, above.place_code), unit.unit_code)
    return replace(unit, parent=above.name, path=path)


async def _take_units(conn: Connection, sheet: Sheet, known: Known, manner: Manner) -> Imported:
    done = Imported("units")
    for row in _rows(sheet, UnitRow, manner.progress):
        was = known.units.get(row.code)
        now = located(_unit_of(row, was), known.places)
        await save_unit(conn, was, now, manner.by)
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


async def _take_officers(conn: Connection, sheet: Sheet, known: Known, manner: Manner) -> Imported:
    """Their phones become blind indexes."""
    done = Imported("officers")
    for row in _rows(sheet, OfficerRow, manner.progress):
        was = known.officers.get(row.badge)
        now = StoredOfficer(
            badge=row.badge,
            name=row.name,
            unit_code=row.unit_code,
            phone_index=_phone(row, was, manner),
            active=_active(row.active, was),
            version=was.version if was else 0,
        )
        await save_officer(conn, was, now, manner.by, manner.since)
        done = done.counting(was, now)
    return done


def _phone(row: OfficerRow, was: StoredOfficer | None, manner: Manner) -> str | None:
    if manner.phones_kept and was:
        return was.phone_index
    return manner.seal.index(row.phone) if row.phone else None


async def _take_operators(conn: Connection, sheet: Sheet, manner: Manner) -> Imported:
    done, known = Imported("operators"), await operators.list_operators(conn)
    # One hash for all of them: they share the password until each has set their own.
    first = manner.first_password
    hashed = await Passwords().hash(first) if first else None
    for row in _rows(sheet, OperatorRow, manner.progress):
        was = known.get(row.username)
        now = operator_of(row, was)
        await save_operator(conn, was, now, manner.by)
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
