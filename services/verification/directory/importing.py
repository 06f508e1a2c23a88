"""What each kind of file does to the directory, once all its rows are known to be right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.verification.directory.known import Known
from services.verification.directory.rules import tree
from services.verification.directory.rules.rows import (
    OfficerRow,
    OperatorRow,
    PlaceRow,
    Row,
    UnitRow,
    WindowRow,
)
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.rules.tree import Place, Places
from services.verification.directory.saving import (
    COMMAND_LINE,
    By,
    Thing,
    save_officer,
    save_operator,
    save_place,
    save_unit,
    save_window,
)
from services.verification.directory.store import operators
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.directory.store.windows import UnitWindow
from services.verification.signin.passwords import Passwords
from services.verification.signin.store import sessions
from shared.bus import outbox
from shared.db import Connection
from shared.errors import Conflict
from shared.values.seal import Seal

Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Manner:
    """Whose change it is, and what no row says.

    New operators get `first_password`, for good or until `first_until`, or none and cannot sign in
    yet; who moved or left did so at `since`, or now; phones that are `kept` stay as they are,
    whatever the rows say.
    """

    seal: Seal
    by: By = COMMAND_LINE
    first_password: str | None = None
    progress: Progress = unwatched
    since: datetime | None = None
    phones_kept: bool = False
    first_until: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What a row makes of a thing; `was` is None for what is new."""

    line: int
    code: str
    was: Thing | None
    now: Thing


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


def planned(
    sheet: Sheet, known: Known, there: Mapping[str, StoredOperator], manner: Manner
) -> list[Change]:
    """What each row makes of the directory, all of them right."""
    merged = tree.merged(known.places, sheet.rows)
    return [_change(line, row, known, there, merged, manner) for line, row in sheet.rows]


def _change(
    line: int,
    row: Row,
    known: Known,
    there: Mapping[str, StoredOperator],
    merged: Places,
    manner: Manner,
) -> Change:
    match row:
        case PlaceRow():
            return Change(line, row.code, known.places.get(row.code), merged[row.code])
        case UnitRow():
            was = known.units.get(row.code)
            return Change(line, row.code, was, located(_unit_of(row, was), known.places))
        case OfficerRow():
            officer = known.officers.get(row.badge)
            return Change(line, row.badge, officer, _officer_of(row, officer, manner))
        case OperatorRow():
            own = there.get(row.username)
            return Change(line, row.username, own, operator_of(row, own))
        case WindowRow():
            window = known.windows.get(row.code)
            return Change(line, row.code, window, _window_of(row, window))
    raise TypeError(row)


async def take(conn: Connection, sheet: Sheet, known: Known, manner: Manner) -> Imported:
    """Rows of one kind, all of them right; an event for each that is new or changed."""
    there = await operators.list_operators(conn) if sheet.kind == "operators" else {}
    return await save(conn, sheet.kind, planned(sheet, known, there, manner), known, manner)


async def save(
    conn: Connection, kind: str, changes: Sequence[Change], known: Known, manner: Manner
) -> Imported:
    """What was planned; the units below a place that moved or has a new name are told anew."""
    # One hash for all new operators: they share the password until each has set their own.
    first = manner.first_password if kind == "operators" else None
    hashed = await Passwords().hash(first) if first else None
    done = Imported(kind)
    async with outbox.collecting(conn):
        for number, change in enumerate(changes, 1):
            await _save(conn, change, manner, hashed)
            done = done.counting(change.was, change.now)
            manner.progress(number, len(changes))
        if kind == "places":
            merged = known.places | {c.code: c.now for c in changes if isinstance(c.now, Place)}
            for unit in known.units.values():
                await save_unit(conn, unit, located(unit, merged), By(manner.by.username))
    return done


async def _save(conn: Connection, change: Change, manner: Manner, hashed: str | None) -> None:
    match change:
        case Change(was=Place() | None as place, now=Place() as now_place):
            await save_place(conn, place, now_place, manner.by)
        case Change(was=StoredUnit() | None as unit, now=StoredUnit() as now_unit):
            await save_unit(conn, unit, now_unit, manner.by)
        case Change(was=StoredOfficer() | None as officer, now=StoredOfficer() as now_officer):
            await save_officer(conn, officer, now_officer, manner.by, manner.since)
        case Change(was=StoredOperator() | None as own, now=StoredOperator() as now_own):
            await _save_operator(conn, own, now_own, manner, hashed)
        case Change(was=UnitWindow() | None as window, now=UnitWindow() as now_window):
            await _save_window(conn, window, now_window, manner.by)


async def _save_window(conn: Connection, was: UnitWindow | None, now: UnitWindow, by: By) -> None:
    """A page may have been faster: windows are changed there one by one."""
    before = was.window if was else None
    if was != now and not await save_window(conn, now.unit_code, before, now.window, by):
        raise Conflict("refused.window_changed")


async def _save_operator(
    conn: Connection,
    was: StoredOperator | None,
    now: StoredOperator,
    manner: Manner,
    hashed: str | None,
) -> None:
    await save_operator(conn, was, now, manner.by)
    if was is None and hashed:
        await operators.set_password_hash(conn, now.username, hashed, manner.first_until)
    if not now.active:
        await sessions.delete_sessions_of(conn, now.username)


def located(unit: StoredUnit, places: Places) -> StoredUnit:
    """A unit as it stands in a tree, below the place that it names."""
    above = places[unit.parent_code]
    path = (*tree.path(places, above.place_code), unit.unit_code)
    return replace(unit, parent=above.name, path=path)


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


def _window_of(row: WindowRow, was: UnitWindow | None) -> UnitWindow:
    return UnitWindow(
        unit_code=row.unit_code,
        counter=row.counter,
        name=row.name,
        matters=_matters(row.matters, was),
        active=_active(row.active, was),
        version=was.version if was else 0,
    )


def _matters(
    wanted: tuple[str, ...] | None, was: StoredUnit | UnitWindow | None
) -> tuple[str, ...]:
    if wanted is not None:
        return wanted
    return was.matters if was is not None else ()


def _officer_of(row: OfficerRow, was: StoredOfficer | None, manner: Manner) -> StoredOfficer:
    """Their phone becomes a blind index."""
    return StoredOfficer(
        badge=row.badge,
        name=row.name,
        unit_code=row.unit_code,
        phone_index=_phone(row, was, manner),
        active=_active(row.active, was),
        version=was.version if was else 0,
    )


def _phone(row: OfficerRow, was: StoredOfficer | None, manner: Manner) -> str | None:
    # A file without that column says nothing of phones.
    if was and (manner.phones_kept or "phone" not in row.model_fields_set):
        return was.phone_index
    return manner.seal.index(row.phone) if row.phone else None


def operator_of(row: OperatorRow, was: StoredOperator | None) -> StoredOperator:
    """The operator that a row asks for, of the version that is there."""
    active, version = _active(row.active, was), was.version if was else 0
    return StoredOperator(row.username, row.name, row.role, row.scope, row.badge, active, version)


def _active(
    wanted: bool | None, was: StoredUnit | StoredOfficer | StoredOperator | UnitWindow | None
) -> bool:
    if wanted is not None:
        return wanted
    return was.active if was is not None else True
