"""Changes to the directory: CSV imports and operators, for the command line and the launcher.

All functions run in the caller's transaction on a connection of the service `verification`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.verification.directory.rules import columns
from services.verification.directory.rules import sheets as rules
from services.verification.directory.rules.sheets import BadSheet, RowError, Sheet
from services.verification.directory.store import officers, operators, units
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.signin import store as sessions
from services.verification.signin.passwords import Passwords
from shared.bus import outbox
from shared.db import Connection
from shared.events import OfficerChanged, UnitChanged
from shared.values.seal import Seal

Progress = Callable[[int, int], None]


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
class Refused:
    """Nothing was imported; every fault with its line and column."""

    errors: tuple[RowError, ...]


async def import_csv(
    conn: Connection,
    raw: bytes,
    seal: Seal,
    *,
    first_password: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Imported | Refused:
    """Import units, officers or operators, all rows or none.

    Publishes an event for each unit and officer that is new or changed; rows missing from the file
    stay as they are. New operators get `first_password`, or none and cannot sign in yet.
    """
    try:
        sheet = rules.read(raw)
    except BadSheet as bad:
        return Refused(bad.errors)
    # One import at a time: two of the same file would publish every version twice.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('directory import'))")
    known_units, known_officers = await units.list_units(conn), await officers.list_officers(conn)
    errors = tuple(rules.unknown_references(sheet, known_units, known_officers))
    if errors:
        return Refused(errors)
    async with outbox.collecting(conn):
        if sheet.kind == "units":
            return await _import_units(conn, sheet, known_units, progress)
        if sheet.kind == "officers":
            return await _import_officers(conn, sheet, known_officers, seal, progress)
        return await _import_operators(conn, sheet, first_password, progress)


async def _import_units(
    conn: Connection, sheet: Sheet, known: dict[str, StoredUnit], progress: Progress
) -> Imported:
    done = Imported("units")
    for number, (_, row) in enumerate(sheet.rows, 1):
        assert isinstance(row, columns.Unit)  # noqa: S101
        was = known.get(row.code)
        now = StoredUnit(
            unit_code=row.code,
            name=row.name,
            county=row.county,
            county_code=row.code[:6],
            kind=row.kind,
            counters=row.counters,
            active=_active(row.active, was.active if was else None),
            version=was.version if was else 0,
        )
        if was != now:
            now = replace(now, version=now.version + 1)
            await units.add_unit(conn, now)
            await outbox.publish(conn, UnitChanged.model_validate(vars(now)))
        done = done.counting(was, now)
        progress(number, len(sheet.rows))
    return done


async def _import_officers(
    conn: Connection,
    sheet: Sheet,
    known: dict[str, StoredOfficer],
    seal: Seal,
    progress: Progress,
) -> Imported:
    done = Imported("officers")
    for number, (_, row) in enumerate(sheet.rows, 1):
        assert isinstance(row, columns.Officer)  # noqa: S101
        was = known.get(row.badge)
        now = StoredOfficer(
            badge=row.badge,
            name=row.name,
            unit_code=row.unit_code,
            phone_index=seal.index(row.phone) if row.phone else None,
            active=_active(row.active, was.active if was else None),
            version=was.version if was else 0,
        )
        if was != now:
            now = replace(now, version=now.version + 1)
            await officers.add_officer(conn, now)
            await outbox.publish(conn, OfficerChanged.model_validate(vars(now)))
        done = done.counting(was, now)
        progress(number, len(sheet.rows))
    return done


async def _import_operators(
    conn: Connection, sheet: Sheet, first_password: str | None, progress: Progress
) -> Imported:
    done = Imported("operators")
    known = await operators.list_operators(conn)
    # One hash for all of them: they share the password until each has set their own.
    hashed = await Passwords().hash(first_password) if first_password else None
    for number, (_, row) in enumerate(sheet.rows, 1):
        assert isinstance(row, columns.OperatorRow)  # noqa: S101
        was = known.get(row.username)
        active = _active(row.active, was.active if was else None)
        now = StoredOperator(row.username, row.name, row.role, row.scope, row.badge, active)
        if was != now:
            await operators.add_operator(conn, now)
        if was is None and hashed:
            await operators.set_password_hash(conn, now.username, hashed)
        if not active:
            await sessions.delete_sessions_of(conn, now.username)
        done = done.counting(was, now)
        progress(number, len(sheet.rows))
    return done


def _active(wanted: bool | None, was: bool | None) -> bool:
    if wanted is not None:
        return wanted
    return was if was is not None else True


async def set_operator(conn: Connection, operator: StoredOperator, password: str) -> Refused | None:
    """Add an operator or change one, with a new password; sessions under the old one end."""
    row = columns.OperatorRow(
        operator.username, operator.name, operator.role, operator.scope, operator.badge
    )
    errors = list(rules.operator_errors(row))
    if not errors:
        sheet = Sheet("operators", ((0, row),))
        errors += rules.unknown_references(
            sheet, await units.list_units(conn), await officers.list_officers(conn)
        )
    if errors:
        return Refused(tuple(errors))
    hashed = await Passwords().hash(password)
    await operators.add_operator(conn, operator)
    await operators.set_password_hash(conn, operator.username, hashed)
    await sessions.delete_sessions_of(conn, operator.username)
    await sessions.delete_failures(conn, operator.username)
    return None


async def disable_operator(conn: Connection, username: str) -> bool:
    """Cut an operator off at once; False if there is no active one of that name."""
    await sessions.delete_sessions_of(conn, username)
    return await operators.disable_operator(conn, username)
