"""The directory's CSV files: read, checked row by row, compared with what is there.

The kind of a file is recognised by its header. Every fault is found, not only the first.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.verification.directory.rules import columns
from services.verification.directory.rules.columns import Officer, OperatorRow, Unit

Row = Unit | Officer | OperatorRow


@dataclass(frozen=True)
class RowError:
    """What is wrong in one place of the file, and what to do; line 1 is the header."""

    line: int
    column: str
    detail: str


@dataclass(frozen=True)
class Kind:
    """One of the three files: its columns and the column that names a row."""

    name: str
    key: str
    make: Callable[..., Row]
    columns: Mapping[str, columns.Check]
    optional: frozenset[str]


KINDS = (
    Kind("units", "code", Unit, columns.UNIT, frozenset({"active"})),
    Kind("officers", "badge", Officer, columns.OFFICER, frozenset({"active"})),
    Kind("operators", "username", OperatorRow, columns.OPERATOR, frozenset({"active", "badge"})),
)


@dataclass(frozen=True)
class Sheet:
    """A file whose every row is right in itself; rows carry their line number."""

    kind: str
    rows: tuple[tuple[int, Row], ...]


class BadSheet(ValueError):
    """The file cannot be imported; `errors` lists every fault in the order of the lines."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(f"{len(errors)} faults")
        self.errors = errors


def read(raw: bytes) -> Sheet:
    """A whole file. BadSheet if anything in it is wrong."""
    lines = _split(decode(raw))
    if not lines:
        raise BadSheet(RowError(1, "", "the file is empty; the first line must name the columns"))
    header = [name.strip() for name in lines[0][1]]
    kind = _recognise(header)
    errors: list[RowError] = []
    rows = [
        (number, row)
        for number, cells in lines[1:]
        if any(cell.strip() for cell in cells)
        for row in _read_row(kind, header, number, cells, errors)
    ]
    errors += _duplicates(kind, rows)
    if errors:
        raise BadSheet(*sorted(errors, key=lambda e: e.line))
    return Sheet(kind.name, tuple(rows))


def decode(raw: bytes) -> str:
    """UTF-8 with or without a byte order mark, or else GB18030, which a Chinese Excel writes."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSheet(RowError(1, "", "neither UTF-8 nor GB18030; save the file as CSV UTF-8"))


def _split(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        detail = f"not readable as CSV ({error}); check the quotation marks"
        raise BadSheet(RowError(reader.line_num, "", detail)) from None


def _recognise(header: Sequence[str]) -> Kind:
    present = set(header)
    kind = max(KINDS, key=lambda k: len(present & set(k.columns)) + (k.key in present))
    if kind.key not in present:
        keys = ", ".join(f"{k.key} ({k.name})" for k in KINDS)
        raise BadSheet(RowError(1, "", f"unknown header; one column must be {keys}"))
    required = set(kind.columns) - kind.optional
    errors = [
        *(RowError(1, name, f"missing; add this column to {kind.name}")
          for name in sorted(required - present)),
        *(RowError(1, name, f"unknown; the columns are {', '.join(kind.columns)}")
          for name in sorted(present - set(kind.columns))),
        *(RowError(1, name, "twice; remove one of them")
          for name in sorted(present) if header.count(name) > 1),
    ]  # fmt: skip
    if errors:
        raise BadSheet(*errors)
    return kind


def _read_row(
    kind: Kind, header: Sequence[str], line: int, cells: Sequence[str], errors: list[RowError]
) -> Iterator[Row]:
    if len(cells) != len(header):
        detail = f"has {len(cells)} cells, the header has {len(header)}; check commas and quotes"
        errors.append(RowError(line, "", detail))
        return
    values: dict[str, Any] = {}
    wrong = [
        RowError(line, name, str(error))
        for name, cell in zip(header, cells, strict=True)
        if (error := _check(kind.columns[name], name, cell.strip(), values))
    ]
    row = None if wrong else kind.make(**values)
    if isinstance(row, OperatorRow) and (misplaced := columns.misplaced(row.role, row.scope)):
        wrong.append(RowError(line, "scope", misplaced))
    errors += wrong
    if row and not wrong:
        yield row


def _check(check: columns.Check, name: str, cell: str, values: dict[str, Any]) -> ValueError | None:
    try:
        values[name] = check(cell)
    except ValueError as error:
        return error
    return None


def _duplicates(kind: Kind, rows: Sequence[tuple[int, Row]]) -> Iterator[RowError]:
    first: dict[str, int] = {}
    for line, row in rows:
        key: str = getattr(row, kind.key)
        if first.setdefault(key, line) != line:
            yield RowError(line, kind.key, f"{key} stands in line {first[key]} already; remove one")


def unknown_references(
    sheet: Sheet, units: Collection[str], badges: Collection[str]
) -> Iterator[RowError]:
    """Rows that name a unit, county or badge that the directory does not have."""
    counties = {code[:6] for code in units} | {f"{code[:4]}00" for code in units}
    for line, row in sheet.rows:
        if isinstance(row, Officer) and row.unit_code not in units:
            detail = f"no unit {row.unit_code}; import the units first"
            yield RowError(line, "unit_code", detail)
        if isinstance(row, OperatorRow):
            if row.scope not in units and row.scope not in counties:
                detail = f"no unit or county {row.scope}; import the units first"
                yield RowError(line, "scope", detail)
            if row.badge and row.badge not in badges:
                detail = f"no officer {row.badge}; import the officers first"
                yield RowError(line, "badge", detail)


def operator_errors(row: OperatorRow) -> Iterator[RowError]:
    """What is wrong with an operator that did not come from a file."""
    for name, check in columns.OPERATOR.items():
        value = getattr(row, name)
        if isinstance(value, str) and (error := _check(check, name, value, {})):
            yield RowError(0, name, str(error))
    if detail := columns.misplaced(row.role, row.scope):
        yield RowError(0, "scope", detail)
