"""From a file's bytes to its cells, as spreadsheets really write them.

`Known` tells how many cells of a header name a column, by which the separator is found.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from shared.values import text

SEPARATORS = (",", ";", "\t", "，", "；", "|")
_SAID = re.compile(r'"?sep=([^\r\n "])"?[ ,;\t]*\r?\n?', re.IGNORECASE)
_KEPT = re.compile(r"""\s*(?:="(.*)"|['‘’`](?=[-+0-9=@])(.*))\s*""", re.DOTALL)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MIXED = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")


Known = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class RowError:
    """What is wrong in one place of the file; line 1 is the first, 0 means not from a file.

    `sheet` is the one of a workbook.
    """

    line: int
    column: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    sheet: str = ""

    def on(self, sheet: str) -> Self:
        """The same on a sheet of a workbook."""
        return replace(self, sheet=sheet)


class BadSheet(ValueError):
    """The file cannot be imported; `errors` lists every fault in the order of the lines."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(f"{len(errors)} faults")
        self.errors = errors


@dataclass(frozen=True)
class Line:
    """The cells of one row, and the line on which it ends."""

    number: int
    cells: tuple[str, ...]


def read(raw: bytes, known: Known) -> list[Line]:
    """The rows that have anything in them, the header first, all of one width.

    Empty rows, and columns without a name and content, are not there. BadSheet if it is no table.
    """
    content = decode(raw, known).lstrip("\ufeff")
    said = _SAID.match(content)
    rest = content[said.end() :] if said else content
    separator = said[1] if said else _separator(rest, known)
    lines = [line for line in _split(rest, separator, 1 if said else 0) if any(line.cells)]
    return list(squared(lines)) if lines else []


def decode(raw: bytes, known: Known) -> str:
    """UTF-8 or UTF-16 by their marks, else UTF-8 or GB18030, which a Chinese Excel writes."""
    if raw.startswith(_UTF16):
        return _decoded(raw, "utf-16")
    if raw.startswith(codecs.BOM_UTF8):
        return _decoded(raw, "utf-8-sig")
    if b"\x00" in raw and (content := _unmarked_utf16(raw, known)):
        return content
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(raw, "gb18030")
    return _rather_chinese(raw, content)


def _unmarked_utf16(raw: bytes, known: Known) -> str | None:
    for encoding in ("utf-16-le", "utf-16-be"):
        content = raw.decode(encoding, "replace")
        said = _SAID.match(content)
        rest = content[said.end() :] if said else content
        if (
            _columns(rest, said[1] if said else _separator(rest, known), known)
            and "\ufffd" not in content
        ):
            return content
    return None


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadSheet(RowError(1, "", "csv.encoding")) from None


def _rather_chinese(raw: bytes, content: str) -> str:
    # A few Chinese words in GBK can be valid UTF-8 by accident (石强 is ʯǿ). Common characters of
    # GB2312 and nothing else, none of them grown together with Latin letters, are no accident.
    if content.isascii() or any(_is_chinese(c) for c in content):
        return content
    chinese = raw.decode("gb18030", "replace")
    foreign = (c for c in chinese if not c.isascii())
    if not all(map(_is_chinese, foreign)) or _MIXED.search(chinese):
        return content
    try:
        return raw.decode("gb2312")
    except UnicodeDecodeError:
        if all(map(_is_of_one_script, content.split())):
            return content
        # Rare characters, or a language that nobody writes: only the sender can say.
        raise BadSheet(RowError(1, "", "csv.ambiguous")) from None


def _is_chinese(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED")


def _is_of_one_script(word: str) -> bool:
    names = {unicodedata.name(c, "?").partition(" ")[0] for c in word if not c.isascii()}
    return len(names) <= 1 and all(c.isalpha() for c in word if not c.isascii())


def _separator(content: str, known: Known) -> str:
    return max(SEPARATORS, key=lambda separator: _columns(content, separator, known))


def _columns(content: str, separator: str, known: Known) -> int:
    first = next((line for line in io.StringIO(content) if line.strip()), "")
    return known(first.rstrip("\r\n").split(separator))


def _split(content: str, separator: str, before: int) -> Iterator[Line]:
    source = io.StringIO(content, newline="")
    reader = csv.reader(source, delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield Line(reader.line_num + before, tuple(_bare(cell) for cell in cells))
    except csv.Error as error:
        fault = RowError(reader.line_num + before, "", "csv.unreadable", {"reason": str(error)})
        raise BadSheet(fault) from None


def _bare(cell: str) -> str:
    """Without what spreadsheets write around digits that they shall leave alone: ="007", '007."""
    if kept := _KEPT.fullmatch(cell):
        cell = (kept[1] or kept[2] or "").replace('""', '"')
    return cell if text.line(cell) else ""


def squared(lines: list[Line]) -> Iterator[Line]:
    """All as wide as the first, without columns that are empty. BadSheet where one is wider."""
    width = len(_filled(lines[0].cells))
    errors = [
        RowError(line.number, "", "csv.cells", {"found": len(_filled(line.cells)), "wanted": width})
        for line in lines
        if len(_filled(line.cells)) > width
    ]
    if errors:
        raise BadSheet(*errors)
    kept = [n for n in range(width) if any(_cell(line, n) for line in lines)]
    for line in lines:
        yield Line(line.number, tuple(_cell(line, n) for n in kept))


def _filled(cells: tuple[str, ...]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _cell(line: Line, place: int) -> str:
    return line.cells[place] if place < len(line.cells) else ""
