"""One change of the directory: stored as the next version and told to the other services."""

from dataclasses import asdict, replace

from services.verification.directory.rules.tree import Place
from services.verification.directory.store import officers, operators, places, units
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import OfficerChanged, OperatorChanged, UnitChanged


async def save_place(conn: Connection, was: Place | None, place: Place) -> None:
    """A place; nobody is told of it but by the units below."""
    if was != place:
        await places.add_place(conn, replace(place, version=place.version + 1))


async def save_unit(conn: Connection, was: StoredUnit | None, unit: StoredUnit) -> None:
    """A unit, if anything of it is new."""
    if was != unit:
        now = replace(unit, version=unit.version + 1)
        await units.add_unit(conn, now)
        await publish(conn, UnitChanged.model_validate(asdict(now)))


async def save_officer(conn: Connection, was: StoredOfficer | None, officer: StoredOfficer) -> None:
    """An officer, if anything of them is new."""
    if was != officer:
        now = replace(officer, version=officer.version + 1)
        await officers.add_officer(conn, now)
        await publish(conn, OfficerChanged.model_validate(asdict(now)))


async def save_operator(
    conn: Connection, was: StoredOperator | None, operator: StoredOperator
) -> None:
    """An operator, if anything of them is new; their password stays."""
    if was != operator:
        now = replace(operator, version=operator.version + 1)
        await operators.add_operator(conn, now)
        await publish(conn, OperatorChanged.model_validate(asdict(now)))
