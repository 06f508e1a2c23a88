"""Rows against the directory: what they name must be there, and nothing may be mistaken for it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from services.verification.directory.rules import rows, tree
from services.verification.directory.rules.rows import Row
from services.verification.directory.rules.sheets import COMPARED, Sheet
from shared.values.sheet import RowError


@dataclass(frozen=True)
class Directory:
    """What is there already; `counters` is how many windows each unit has."""

    places: tree.Places
    units: Collection[str]
    badges: Collection[str]
    counters: Mapping[str, int] = field(default_factory=dict)


def faults(sheet: Sheet, known: Directory) -> Iterator[RowError]:
    """Every row that does not fit what is there."""
    for line, row in sheet.rows:
        yield from faults_of(line, row, known)
    yield from _look_alikes(sheet, known)


def faults_of(line: int, row: Row, known: Directory) -> Iterator[RowError]:
    """What one row names and the directory does not have, or has as something else."""
    match row:
        case rows.PlaceRow() if row.code in known.units:
            yield RowError(line, "code", "csv.is_unit", {"code": row.code})
        case rows.UnitRow() if row.code in known.places:
            yield RowError(line, "code", "csv.is_place", {"code": row.code})
        case rows.UnitRow() if row.parent not in known.places:
            yield _unknown(line, "parent", "csv.no_place", row.parent, known.places)
        case rows.OfficerRow() if row.unit_code not in known.units:
            yield _unknown(line, "unit_code", "csv.no_unit", row.unit_code, known.units)
        case rows.WindowRow() if row.unit_code not in known.units:
            yield _unknown(line, "unit_code", "csv.no_unit", row.unit_code, known.units)
        case rows.WindowRow() if row.counter > known.counters[row.unit_code]:
            yield RowError(
                line, "counter", "csv.no_window", {"most": known.counters[row.unit_code]}
            )
        case rows.OperatorRow():
            yield from _operator(line, row, known)


def _operator(line: int, row: rows.OperatorRow, known: Directory) -> Iterator[RowError]:
    if row.scope not in known.units and row.scope not in known.places:
        yield _unknown(line, "scope", "csv.no_scope", row.scope, (*known.units, *known.places))
    elif key := tree.misplaced(row.role, row.scope, known.places):
        yield RowError(line, "scope", key)
    if row.badge and row.badge not in known.badges:
        yield _unknown(line, "badge", "csv.no_officer", row.badge, known.badges)


def _unknown(line: int, column: str, key: str, value: str, there: Collection[str]) -> RowError:
    """Nothing is called so; but it may stand there in another spelling, zeros before it lost."""
    compared = COMPARED["officers" if column == "badge" else "units"]
    wanted = compared(value)
    if other := next((one for one in there if compared(one) == wanted), None):
        return RowError(line, column, "csv.spelt", {"value": value, "other": other})
    return RowError(line, column, key, {"badge" if column == "badge" else "code": value})


def _look_alikes(sheet: Sheet, known: Directory) -> Iterator[RowError]:
    there = known.units if sheet.kind == "units" else known.badges
    column = "code" if sheet.kind == "units" else "badge"
    compared = COMPARED.get(sheet.kind, str)
    others = {compared(code): code for code in there}
    for line, row in sheet.rows if sheet.kind in COMPARED else ():
        own: str = getattr(row, column)
        if (other := others.get(compared(own), own)) != own:
            yield RowError(line, column, "csv.look_alike", {"value": own, "other": other})
