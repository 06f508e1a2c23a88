"""XLSX workbooks: read as the lines of one sheet, within bounds that no bomb passes; and written.

What a workbook unpacks to is measured before any of it is parsed.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

from shared.values import sheet, text
from shared.values.sheet import BadSheet, Known, Line, RowError

MAGIC = b"PK\x03\x04"
# What Excel wrote before 2007, and what it wraps a workbook in that has a password.
OLD_MAGIC = b"\xd0\xcf\x11\xe0"
MOST_UNPACKED = 16 * 1024 * 1024
MOST_PARTS, MOST_SHEETS, MOST_ROWS, MOST_COLUMNS = 200, 20, 20_000, 50
LONGEST_CELL = 32_767
# From here on Excel keeps 15 digits and forgets the others.
_DIGITS_LOST = 10**15
_ZEROS = re.compile(r"0+")
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# Whatever a broken file makes of a parser that expects a whole one.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError, ArithmeticError, AttributeError,
    LookupError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """The sheet whose header says what it is, and the names of others that have something in them.

    `lines` are as those of a CSV file.
    """

    title: str
    lines: list[Line]
    others: tuple[str, ...] = ()


def is_workbook(raw: bytes) -> bool:
    """Whether these bytes are Excel's and not a CSV file."""
    return raw.startswith((MAGIC, OLD_MAGIC))


def read(raw: bytes, known: Known) -> Told:
    """The sheet whose header fits best. BadSheet if it is no workbook, too large or no table."""
    if raw.startswith(OLD_MAGIC):
        raise BadSheet(RowError(1, "", "csv.old_excel"))
    try:
        _measure(raw)
        sheets = dict(_sheets(raw))
    except _BROKEN as error:
        if isinstance(error, BadSheet):
            raise
        raise BadSheet(RowError(1, "", "csv.workbook")) from None
    if not sheets:
        return Told("", [])
    title = max(sheets, key=lambda name: known(sheets[name][0].cells))
    try:
        lines = list(sheet.squared(sheets[title]))
    except BadSheet as bad:
        raise BadSheet(*(error.on(title) for error in bad.errors)) from None
    return Told(title, lines, tuple(name for name in sheets if name != title))


def _measure(raw: bytes) -> None:
    """Refuse what would unpack to too much, or defines entities of its own.

    The archive may lie about a part's size; but no more than that is unpacked of it.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        listed = parts.infolist()
        if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED:
            raise BadSheet(RowError(1, "", "csv.too_large", {"mib": MOST_UNPACKED // 1024**2}))
        if any(b"<!DOCTYPE" in parts.read(part).replace(b"\0", b"") for part in listed):
            raise BadSheet(RowError(1, "", "csv.workbook"))


def _sheets(raw: bytes) -> Iterator[tuple[str, list[Line]]]:
    # A service that never sees a workbook does without the library's ten megabytes.
    from openpyxl import load_workbook

    opened = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    with closing(opened) as book:
        for found in book.worksheets[:MOST_SHEETS]:
            lines = list(_lines(found)) if found.sheet_state == "visible" else []
            if lines:
                yield found.title, lines


def _lines(found: Any) -> Iterator[Line]:
    rows = found.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS)
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            error = RowError(number, "", "csv.too_many_rows", {"most": MOST_ROWS})
            raise BadSheet(error.on(found.title))
        broken = [cell.column_letter for cell in row if cell.data_type == "e"]
        if broken:
            raise BadSheet(RowError(number, broken[0], "csv.error_cell").on(found.title))
        cells = tuple(_text(cell) for cell in row)
        if any(cells):
            yield Line(number, cells)


def _text(cell: Any) -> str:
    """A cell as somebody would have typed it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    found = value.isoformat() if isinstance(value, date) else str(value)
    return found if text.line(found) else ""


def _number(value: float, shown: str) -> str:
    if abs(value) >= _DIGITS_LOST:
        return f"{value:E}"
    if value != int(value):
        return repr(value)
    # A format of zeros is how somebody made Excel show the zeros that it takes away.
    return str(int(value)).zfill(len(shown) if _ZEROS.fullmatch(shown) else 0)


def write(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """One sheet with a header that stays in sight; text is text, whatever it begins with."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    made = book.create_sheet(title)
    made.freeze_panes = "A2"
    for row in (header, *rows):
        made.append([_cell(made, value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(made: Any, value: object) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if value is None or isinstance(value, int | float | Decimal):
        return WriteOnlyCell(made, value)
    cell = WriteOnlyCell(made, _NO_XML.sub("", str(value))[:LONGEST_CELL])
    # As text: a leading = makes no formula, and a leading 0 stays.
    cell.data_type, cell.number_format = "s", "@"
    return cell
