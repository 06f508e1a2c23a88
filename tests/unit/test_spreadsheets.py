"""Rosters as spreadsheets write them: what they do to digits, names and encodings is undone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.directory.explaining import explain
from services.verification.directory.rules import references, sheets
from services.verification.directory.rules.references import Directory
from services.verification.directory.rules.rows import OfficerRow, OperatorRow, UnitRow
from services.verification.directory.rules.tree import Place
from shared.values import workbook
from shared.values.sheet import BadSheet
from tests.unit.test_verification_csv_edges import COMMON, faults, table, written

HEAD = "badge,name,unit_code,phone"


def test_a_workbook_says_the_same_as_a_csv_file() -> None:
    """Its rows, and its faults with the sheet; a sheet of notes is told as not read."""
    rows = (("007", "张 三", "u1", "13800138000"), (1701, "李四", "u1", None))
    head = HEAD.split(",")
    said = "\n".join([HEAD, "007,张 三,u1,13800138000", "1701,李四,u1,"])
    found = sheets.read(workbook.write("民警", head, rows))
    assert sheets.read(said.encode()).rows == found.rows
    assert "民警" == found.title
    with pytest.raises(BadSheet) as caught:
        sheets.read(workbook.write("民警", head, [*rows, ("x@y", "王五", "u1", "1")]))
    assert [("民警", 4, "badge"), ("民警", 4, "phone")] == [
        (fault.sheet, fault.line, fault.column) for fault in caught.value.errors
    ]
    with pytest.raises(BadSheet) as caught:
        sheets.read(workbook.write("空", (), ()))
    assert ["csv.empty"] == [fault.key for fault in caught.value.errors]


def officers(raw: bytes) -> list[OfficerRow]:
    """The officers of a file without faults."""
    return [row for _, row in sheets.read(raw).rows if isinstance(row, OfficerRow)]


@pytest.mark.parametrize(
    ("cell", "badge"),
    [
        ('="007"', "007"), ('"=""007"""', "007"), ("'007", "007"), ("’007", "007"),
        ("\t007", "007"), ("\u202d007\u202c", "007"), ("００７", "007"), ("7.0", "7"),
        ("170004.00", "170004"), (" 007 ", "007"), ("\u00a0007", "007"),
    ],
)  # fmt: skip
def test_what_spreadsheets_write_around_digits_is_no_part_of_them(cell: str, badge: str) -> None:
    """Formulas and apostrophes that keep zeros, invisible marks, and the .0 of a number."""
    (officer,) = officers(f"{HEAD}\n{cell},甲,u1,\n".encode())
    assert badge == officer.badge


@pytest.mark.parametrize("cell", ["1.70004E+05", "1.7e+05", "1,7E+5", "１.７Ｅ＋０５", "2E-3"])
@pytest.mark.parametrize("column", [0, 2, 3])
def test_a_number_in_scientific_notation_is_told_as_one(cell: str, column: int) -> None:
    """Digits are lost, so it is neither guessed nor called just wrong; in both languages."""
    cells = ["B1", "甲", "u1", ""]
    cells[column] = f'"{cell}"'
    (fault,) = faults(f"{HEAD}\n{','.join(cells)}\n")
    assert (2, HEAD.split(",")[column], "csv.scientific") == (fault.line, fault.column, fault.key)
    assert "1.38E+10" in explain(fault, "zh")
    assert "1.38E+10" in explain(fault, "en")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张　三", "张三"), ("张\u00a0三", "张三"), ("张 \u2003 三", "张三"),
        ("\ufeff张三", "张三"),
        ("阿不都 热合曼·买买提", "阿不都热合曼·买买提"), ("Li Lei", "Li Lei"), ("李 Lei", "李 Lei"),
        ("𠮷　野", "𠮷野"),
    ],
)  # fmt: skip
def test_a_padded_name_is_the_name(typed: str, name: str) -> None:
    """Of officers and operators alike."""
    (officer,) = officers(f"{HEAD}\nB1,{typed},u1,\n".encode("utf-8-sig"))
    raw = f"username,name,role,scope\nab,{typed},auditor,root\n".encode()
    ((_, operator),) = sheets.read(raw).rows
    assert isinstance(operator, OperatorRow)
    assert name == officer.name == operator.name


def test_a_broken_character_is_named_with_its_place() -> None:
    """Private use comes from old fonts: character 2 of the name, not only 'not printable'."""
    (fault,) = faults(f"{HEAD}\nB1,王\ue816,u1,\n")
    assert ("csv.unusable", 2) == (fault.key, fault.values["place"])
    assert "U+E816" in explain(fault, "zh")


@given(
    st.lists(st.text(COMMON, min_size=2, max_size=3), min_size=1, max_size=3),
    st.sampled_from(["gbk", "gb18030", "utf-16-le", "utf-16-be", "utf-16", "utf-8", "utf-8-sig"]),
    st.sampled_from([",", ";", "\t", "|", "，"]),
    st.booleans(),
)
def test_short_files_of_common_names_are_read_whatever_wrote_them(
    called: list[str], encoding: str, separator: str, said: bool
) -> None:
    """A single name is enough; also without a byte order mark, and with the separator said."""
    rows = [
        ["警号", "姓名", "单位", "手机号"],
        *([f"B{n}", c, "u1", ""] for n, c in enumerate(called)),
    ]
    text = (f"sep={separator}\r\n" if said else "") + written(rows, separator)
    assert called == [officer.name for officer in officers(text.encode(encoding))]


@pytest.mark.parametrize("name", ["聙聛", "聛 聙"])
def test_an_encoding_that_nobody_can_tell_is_asked_for(name: str) -> None:
    """Rare characters in GBK that are letters of no language in UTF-8: refused, not mangled."""
    raw = f"{HEAD}\n1,{name},u1,\n".encode("gbk")
    raw.decode("utf-8")
    assert ["csv.ambiguous"] == [fault.key for fault in faults(raw)]


@pytest.mark.parametrize(("head", "typed"), [
    ("Badge;NAME;Unit Code;Phone", ";"), (" 警 号 \t姓　名\t单位代码\t手机号", "\t"),
    ("【警号】，民警姓名：，所属单位，联系电话", "，"), ("badge no|name|unit|mobile", "|"),
])  # fmt: skip
def test_headers_as_people_spell_them(head: str, typed: str) -> None:
    """Capitals, spaces, brackets, Chinese and English names of the columns."""
    cells = typed.join(["B1", "甲", "u1", "13800138000"])
    (officer,) = officers(f"\ufeff\ufeff{head}\n{cells}\n".encode())
    assert ("B1", "甲", "u1", "+8613800138000") == tuple(officer.model_dump().values())[:4]


@given(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["", " ", "\u3000", "\u200b", '""']))
def test_ghosts_are_not_there(columns: int, rows: int, ghost: str) -> None:
    """Empty columns behind and empty rows below, as a sheet keeps them that was once larger."""
    lines = [row + [ghost] * columns for row in table("units")]
    lines += [[ghost] * (len(lines[0]))] * rows
    found = sheets.read(written(lines).replace('""""""', '""').encode()).rows
    assert ["u1", "u2", "u3"] == [row.code for _, row in found if isinstance(row, UnitRow)]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [("units", "0411700002", "411700002"), ("officers", "0170004", "170004")],
)
def test_what_only_a_lost_zero_tells_apart_is_one(kind: str, first: str, second: str) -> None:
    """The same sheet opened and saved again must not make everybody twice."""
    lines = table(kind, 2)
    lines[1][0], lines[2][0] = first, second
    assert ["csv.twice"] == [fault.key for fault in faults(written(lines))]


@pytest.mark.parametrize(
    ("text", "column", "other"),
    [
        ("badge,name,unit_code,phone\nB1,甲,411700001,\n", "unit_code", "0411700001"),
        ("code,name,parent,kind,counters\nu9,甲,zy,household,1\n", "parent", "ZY"),
        ("username,name,role,scope,badge\nab,甲,auditor,ZY,17-0001\n", "badge", "0170001"),
        ("username,name,role,scope\nab,甲,auditor,zy\n", "scope", "ZY"),
    ],
)
def test_another_spelling_of_what_is_there_is_named(text: str, column: str, other: str) -> None:
    """Not 'no such unit', but how the directory writes it."""
    known = Directory({"ZY": Place("ZY", "县", "county", None)}, {"0411700001"}, {"0170001"})
    (fault,) = references.faults(sheets.read(text.encode()), known)
    assert (column, "csv.spelt", other) == (fault.column, fault.key, fault.values["other"])
    assert all(other in explain(fault, language) for language in ("zh", "en"))


@given(st.binary(max_size=200) | st.text(max_size=120).map(str.encode))
def test_any_file_is_read_or_told(raw: bytes) -> None:
    """No bytes break the reader, behind whatever header; each fault has its words."""
    for whole in (raw, f"{HEAD}\n".encode() + raw, b"\xff\xfe" + raw, b"sep=;\n" + raw):
        result: Any
        try:
            result = sheets.read(whole).rows
        except BadSheet as bad:
            result = [explain(error, language) for error in bad.errors for language in ("zh", "en")]
        assert all(result)
