"""The directory's files, CSV or XLSX: read, and checked row by row.

The kind of a file is recognised by its header. Every fault is found, not only the first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from services.verification.directory.rules import kinds
from services.verification.directory.rules.faults import faults_of
from services.verification.directory.rules.kinds import Kind, Name
from services.verification.directory.rules.rows import Row
from shared.values import sheet, text, workbook
from shared.values.sheet import BadSheet, Line, RowError

# What the keys of a kind are compared by, so that nobody takes one for another: a spreadsheet drops
# the zeros before a number.
COMPARED: Mapping[str, Callable[[str], str]] = {
    "units": lambda code: text.look_alike(code).lstrip("0"),
    "officers": text.badge,
}


@dataclass(frozen=True)
class Sheet:
    """A file whose every row is right in itself; rows carry their line number.

    Of a workbook it is the sheet of this title; `others` were not read.
    """

    kind: Name
    rows: tuple[tuple[int, Row], ...]
    title: str = ""
    others: tuple[str, ...] = ()


def read(raw: bytes) -> Sheet:
    """A whole file. BadSheet if anything in it is wrong."""
    if not workbook.is_workbook(raw):
        return _read(sheet.read(raw, kinds.known_columns))
    told = workbook.read(raw, kinds.known_columns)
    try:
        return replace(_read(told.lines), title=told.title, others=told.others)
    except BadSheet as bad:
        raise BadSheet(*(error.on(told.title) for error in bad.errors)) from None


def _read(lines: Sequence[Line]) -> Sheet:
    if not lines:
        raise BadSheet(RowError(1, "", "csv.empty"))
    kind, names = kinds.recognise(lines[0].number, lines[0].cells)
    errors: list[RowError] = []
    rows = [(line.number, row) for line in lines[1:] for row in _row(kind, names, line, errors)]
    errors += _duplicates(kind, rows)
    if errors:
        raise BadSheet(*sorted(errors, key=lambda e: e.line))
    return Sheet(kind.name, tuple(rows))


def _row(kind: Kind, names: Sequence[str], line: Line, errors: list[RowError]) -> Iterator[Row]:
    try:
        yield kind.row.model_validate(dict(zip(names, line.cells, strict=True)))
    except ValidationError as error:
        errors += faults_of(line.number, error)


def _duplicates(kind: Kind, rows: Sequence[tuple[int, Row]]) -> Iterator[RowError]:
    first: dict[str, int] = {}
    compared = COMPARED.get(kind.name, str)
    for line, row in rows:
        own = kind.code_of(row)
        if (before := first.setdefault(compared(own), line)) != line:
            yield RowError(line, kind.key, "csv.twice", {"value": own, "line": before})
