"""One change of the directory: stored as the next version, noted, told to the other services.

Whoever changes something, a file, a page or a command, does it here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from services.verification.directory.rules.tree import Place
from services.verification.directory.store import (
    changes,
    officers,
    operators,
    places,
    postings,
    units,
    windows,
)
from services.verification.directory.store.changes import Kind
from services.verification.directory.store.officers import StoredOfficer
from services.verification.directory.store.operators import StoredOperator
from services.verification.directory.store.units import StoredUnit
from services.verification.directory.store.windows import Window
from services.verification.signin.store import events
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import OfficerChanged, OperatorChanged, UnitChanged

Thing = Place | StoredUnit | StoredOfficer | StoredOperator | Window


@dataclass(frozen=True)
class By:
    """Whose change it is, and which earlier one it takes back."""

    username: str | None = None
    undoes: int | None = None


COMMAND_LINE = By()


async def save_place(
    conn: Connection, was: Place | None, place: Place, by: By = COMMAND_LINE
) -> None:
    """A place; nobody is told of it but by the units below."""
    if was != place:
        now = replace(place, version=place.version + 1)
        await places.add_place(conn, now)
        above = [one.parent_code for one in (was, now) if one]
        await _note(conn, "places", now.place_code, above, was, now, by)


async def save_unit(
    conn: Connection, was: StoredUnit | None, unit: StoredUnit, by: By = COMMAND_LINE
) -> None:
    """A unit, if anything of it is new."""
    if was != unit:
        now = replace(unit, version=unit.version + 1)
        await units.add_unit(conn, now)
        above = [one.parent_code for one in (was, now) if one]
        await _note(conn, "units", now.unit_code, above, was, now, by)
        await publish(conn, UnitChanged.model_validate(asdict(now)))


async def save_window(
    conn: Connection, unit_code: str, was: Window | None, window: Window, by: By
) -> bool:
    """A window of a unit, as the next version of what was seen; False if somebody was faster."""
    now = replace(window, version=window.version + 1)
    kept = await windows.put_window(conn, unit_code, now, by.username or events.COMMAND_LINE)
    if kept:
        code = f"{unit_code}/{now.counter}"
        await _note(conn, "windows", code, [unit_code], was, now, by)
    return kept


async def save_officer(
    conn: Connection,
    was: StoredOfficer | None,
    officer: StoredOfficer,
    by: By = COMMAND_LINE,
    since: datetime | None = None,
) -> None:
    """An officer, if anything of them is new; who moved or left did so at `since`, or now."""
    if was != officer:
        now = replace(officer, version=officer.version + 1)
        await officers.add_officer(conn, now)
        await _post(conn, was, now, since)
        at = [one.unit_code for one in (was, now) if one]
        await _note(conn, "officers", now.badge, at, was, now, by)
        await publish(conn, OfficerChanged.model_validate(asdict(now)))


async def _post(
    conn: Connection, was: StoredOfficer | None, now: StoredOfficer, since: datetime | None
) -> None:
    before = was.unit_code if was and was.active else None
    after = now.unit_code if now.active else None
    if before and before != after:
        await postings.end_posting(conn, now.badge, since)
    if after and before != after:
        await postings.begin_posting(conn, now.badge, after, since)


async def save_operator(
    conn: Connection,
    was: StoredOperator | None,
    operator: StoredOperator,
    by: By = COMMAND_LINE,
    *,
    password: bool = False,
) -> None:
    """An operator, if anything of them is new, or the `password` is: that is a version too."""
    if was != operator or password:
        now = replace(operator, version=operator.version + 1)
        await operators.add_operator(conn, now)
        at = [one.scope for one in (was, now) if one]
        await _note(conn, "operators", now.username, at, was, now, by)
        for kind in _happened(was, now, password=password):
            done_by = by.username or events.COMMAND_LINE
            await events.add(conn, now.username, kind, done_by=done_by)
        await publish(conn, OperatorChanged.model_validate(asdict(now)))


def _happened(
    was: StoredOperator | None, now: StoredOperator, *, password: bool
) -> Iterator[events.Kind]:
    """What that means for their account."""
    if was is None:
        yield "added"
        return
    if was.active != now.active:
        yield "enabled" if now.active else "disabled"
    if (was.role, was.scope, was.badge) != (now.role, now.scope, now.badge):
        yield "changed"
    if password:
        yield "password_set"


async def _note(
    conn: Connection,
    kind: Kind | Literal["windows"],
    code: str,
    at: Sequence[str | None],
    was: Thing | None,
    now: Thing,
    by: By,
) -> None:
    # An operator belongs where they work; everything else is a place of its own, or in one.
    own = [code] if kind in ("places", "units") else []
    before = asdict(was) if was else None
    await changes.add_change(
        conn, kind, code, now.version, [*own, *at], before, asdict(now), by.username, by.undoes
    )
