"""Tables for spreadsheets: written so that nothing is a formula, read whatever Excel made of it."""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from shared.values import tables, workbook
from shared.values.sheet import BadSheet, RowError

HEAD = ("badge", "name")
RISKY = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"]


def known(header: Sequence[str]) -> int:
    """How many cells name a column of ours."""
    return len(set(header) & set(HEAD))


def made(
    *rows: Sequence[object], title: str = "民警", more: Callable[[Any], None] | None = None
) -> bytes:
    """A workbook as somebody's Excel would save it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if more:
        more(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read(raw: bytes) -> list[tuple[int, tuple[str, ...]]]:
    """The lines of the sheet that fits best."""
    return [(line.number, line.cells) for line in workbook.read(raw, known).lines]


def refused(raw: bytes) -> RowError:
    """The first fault of a file that is none."""
    with pytest.raises(BadSheet) as caught:
        workbook.read(raw, known)
    return caught.value.errors[0]


@pytest.mark.parametrize("text", RISKY)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    """Whatever text a cell might hold, a spreadsheet shows it and runs nothing."""
    content = tables.written(HEAD, [(text, -1)])
    cells = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    assert [list(HEAD), [f"'{text}", "-1"]] == cells


@pytest.mark.parametrize("text", [*RISKY, "007", "\x00x\x1b"])
def test_no_cell_of_a_workbook_is_a_formula(text: str) -> None:
    """It is text, zeros before it and all; what XML cannot hold is left out."""
    sheet = load_workbook(io.BytesIO(workbook.write("民警", HEAD, [(text, 5)]))).active
    assert sheet is not None
    assert ("s", 5) == (sheet["A2"].data_type, sheet["B2"].value)
    assert text.strip("\x00\x1b\t\r") == str(sheet["A2"].value).strip("\t\r\n")


def test_what_is_written_is_read_again() -> None:
    """Row by row, empty rows and columns left out, each with the number that Excel shows."""
    raw = workbook.write("民警", HEAD, [("007", "张三"), ("", ""), (8, None), ("=9", "李四")])
    assert [(1, HEAD), (2, ("007", "张三")), (4, ("8", "")), (5, ("=9", "李四"))] == read(raw)


def test_amounts_stay_numbers() -> None:
    """With their cents in CSV, and to be summed in both; what is not there is empty."""
    row = [Decimal("-20.00"), -1, None]
    assert "-20.00,-1," == tables.written(["a", "b", "c"], [row]).splitlines()[1]
    written = load_workbook(io.BytesIO(workbook.write("t", ["a", "b", "c"], [row])))
    assert [-20, -1, None] == [cell.value for cell in written["t"][2]]


def test_cells_are_read_as_they_were_typed() -> None:
    """Whole numbers without .0, zeros that a format shows, days, yes and no; lost digits."""

    def formats(book: Any) -> None:
        book.active["A2"].number_format = "000000"

    rows = [
        HEAD,
        (7, 12.0),
        (1.5, True),
        (datetime(2026, 1, 2), None),
        (12_345_678_901_234_567, " 　"),
    ]
    cells = [line for _, line in read(made(*rows, more=formats))[1:]]
    assert [
        ("000007", "12"),
        ("1.5", "yes"),
        ("2026-01-02T00:00:00", ""),
        ("1.234568E+16", ""),
    ] == cells


def test_the_sheet_that_fits_is_read() -> None:
    """A sheet of notes before it is named, a hidden one and an empty one are not there."""

    def more(book: Any) -> None:
        book.create_sheet("民警").append(list(HEAD))
        book.create_sheet("空")
        hidden = book.create_sheet("藏")
        hidden.append(["badge"])
        hidden.sheet_state = "hidden"

    told = workbook.read(made(("说明", "请填写"), title="说明", more=more), known)
    assert ("民警", ("说明",)) == (told.title, told.others)


def test_a_fault_names_its_sheet() -> None:
    """A row wider than the header, and a formula that came to nothing."""
    wide = refused(made(HEAD, ("1", "甲", "乙")))
    assert ("民警", 2, "csv.cells") == (wide.sheet, wide.line, wide.key)

    def broken(book: Any) -> None:
        book.active["B2"] = "#REF!"
        book.active["B2"].data_type = "e"

    cell = refused(made(HEAD, ("1", "甲"), more=broken))
    assert ("民警", 2, "B", "csv.error_cell") == (cell.sheet, cell.line, cell.column, cell.key)


def archive(**parts: bytes) -> bytes:
    """A zip that says it is a workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for name, part in parts.items():
            written.writestr(name.replace("__", "/"), part)
    return content.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    """Neither one large part, nor many, nor entities that grow, nor more rows than a city has."""
    large = archive(xl__workbook=b"\0" * (workbook.MOST_UNPACKED + 1))
    assert len(large) < 100_000
    assert "csv.too_large" == refused(large).key
    many = archive(**{f"part{n}": b"" for n in range(workbook.MOST_PARTS + 1)})
    assert "csv.too_large" == refused(many).key
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    for written in (entities, entities.decode().encode("utf-16-le")):
        assert "csv.workbook" == refused(archive(xl__workbook=written)).key


def test_more_rows_than_a_city_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number that is allowed."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert 3 == len(read(made(HEAD, ("1", ""), ("2", ""))))
    error = refused(made(HEAD, ("1", ""), ("2", ""), ("3", "")))
    assert ("csv.too_many_rows", {"most": 3}) == (error.key, error.values)


@pytest.mark.parametrize("cut", [4, 30, 200, 1000, -100, -1])
def test_half_a_workbook_is_told(cut: int) -> None:
    """However much of it arrived."""
    assert "csv.workbook" == refused(made(HEAD, ("1", "甲"))[:cut]).key


def test_every_changed_byte_is_read_or_refused() -> None:
    """A broken file never breaks its reader."""
    whole = made(HEAD, ("1", "甲"))
    for place in range(0, len(whole), 97):
        raw = bytearray(whole)
        raw[place] ^= 0x55
        with suppress(BadSheet):
            workbook.read(bytes(raw), known)


def test_an_old_or_closed_workbook_is_named() -> None:
    """What Excel wrote before 2007, and one with a password, look alike; each is saved anew."""
    assert "csv.old_excel" == refused(b"\xd0\xcf\x11\xe0" + b"\0" * 512).key
    assert workbook.is_workbook(b"\xd0\xcf\x11\xe0")
    assert not workbook.is_workbook("badge,name".encode("utf-16"))
