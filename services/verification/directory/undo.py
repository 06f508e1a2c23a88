"""A change of the directory taken back, where nothing rests on it yet."""

from collections.abc import Mapping
from typing import Any

from services.verification.directory import acts, importing, known
from services.verification.directory.acts import KEEPERS, Rules, Whole
from services.verification.directory.importing import Manner
from services.verification.directory.rules import undoing
from services.verification.directory.rules.rows import (
    OfficerRow,
    OperatorRow,
    PlaceRow,
    Row,
    UnitRow,
)
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.saving import By, save_officer
from services.verification.directory.store import built
from services.verification.directory.store.changes import Change, Kind
from services.verification.directory.store.officers import StoredOfficer
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.errors import Conflict, NotFound
from shared.observe import log


async def why_stays(
    conn: Connection, operator: Operator, change: Change, newest: int
) -> str | None:
    """The key of why a change cannot be taken back; None where it can."""
    if reason := undoing.why_not(change.kind, change.was, change.now, newest):
        return reason
    async with as_itself(conn, operator):
        count = await _built(conn, change)
    return f"undo_{undoing.built_on(change.kind, change.was or {}, change.now)}" if count else None


async def _built(conn: Connection, change: Change) -> int:
    was = change.was or {}
    match undoing.built_on(change.kind, was, change.now):
        case "below":
            return await built.count_below(conn, change.code, change.change_id)
        case "cases":
            return await built.count_cases(conn, change.code, change.changed_at)
        case "windows":
            return await built.count_cases(
                conn, change.code, change.changed_at, int(was["counters"])
            )
        case "verdicts":
            return await built.count_verdicts(conn, change.code, change.changed_at)
        case _:
            return 0


async def undo(conn: Connection, rules: Rules, operator: Operator, change: Change) -> bool:
    """Make a thing again what it was. NotFound, Forbidden, or Conflict says why it stays."""
    if operator.role not in KEEPERS[change.kind]:
        raise NotFound
    acts.not_oneself(operator, change.kind, change.code)
    whole = await acts.claim(conn, operator)
    there = whole.get(change.kind, change.code)
    if there is None or not whole.has_say(operator, change.kind, there):
        raise NotFound
    if reason := await why_stays(conn, operator, change, there.version):
        raise Conflict(f"refused.{reason}")
    await _restore(conn, rules, operator, whole, change)
    log.get().info("change of the directory taken back", version=there.version + 1)
    return True


async def _restore(
    conn: Connection, rules: Rules, operator: Operator, whole: Whole, change: Change
) -> None:
    row, by = _row(change.kind, change.was or {}), By(operator.username, change.change_id)
    sheet, there = Sheet(change.kind, ((0, row),)), whole.get(change.kind, change.code)
    strays = whole.strays(operator, change.kind, row, there)
    if strays or known.faults(sheet, whole.known, rules.levels):
        raise Conflict("refused.undo_unfit")
    if isinstance(there, StoredOfficer):
        # The phone is known by its index alone, which no row could say.
        before = StoredOfficer(**{**(change.was or {}), "version": there.version})
        await save_officer(conn, there, before, by)
    else:
        await importing.take(conn, sheet, whole.known, Manner(rules.seal, by))


def _row(kind: Kind, was: Mapping[str, Any]) -> Row:
    """What was there, as a file would say it."""
    match kind:
        case "places":
            return PlaceRow.model_construct(
                code=was["place_code"], name=was["name"], level=was["level"],
                parent=was["parent_code"],
            )  # fmt: skip
        case "units":
            return UnitRow.model_construct(
                code=was["unit_code"], name=was["name"], parent=was["parent_code"],
                kind=was["kind"], counters=was["counters"], active=was["active"],
                matters=tuple(was["matters"]),
            )  # fmt: skip
        case "officers":
            return OfficerRow.model_construct(
                badge=was["badge"], name=was["name"], unit_code=was["unit_code"], phone=None,
                active=was["active"],
            )  # fmt: skip
        case _:
            return OperatorRow.model_construct(
                username=was["username"], name=was["name"], role=was["role"], scope=was["scope"],
                badge=was["badge"], active=was["active"],
            )  # fmt: skip
