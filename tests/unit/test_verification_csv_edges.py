"""CSV as people really send it: any encoding, separator and line end; one fault, one place."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.verification.directory.explaining import explain
from services.verification.directory.rules import cells, kinds, references, sheets, tree
from services.verification.directory.rules.references import Directory
from services.verification.directory.rules.rows import OfficerRow, OperatorRow, PlaceRow, Row
from services.verification.directory.rules.tree import Place
from shared.values.sheet import BadSheet, RowError

# First-level characters of GB2312, as names are made of; in GBK some of them look like UTF-8.
COMMON = "石强张三王五李四赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施金魏陶姜户籍派出所车管"
HEADS = {
    "places": "code,name,level,parent",
    "units": "code,name,parent,kind,counters,active",
    "officers": "badge,name,unit_code,phone,active",
    "operators": "username,name,role,scope,badge,active",
}
GOOD = {
    "places": "p{n},地方{n},county,root",
    "units": "u{n},单位{n},p1,household,2,是",
    "officers": "B-{n},警员{n},u1,+8613800138{n:03},",
    "operators": "user{n},人员{n},auditor,root,,no",
}
# For each kind, cells that no file may hold, and the column they stand in.
BAD = {
    "places": {"code": ["", "a/b", "x" * 33, "-a"], "name": ["", "x" * 101, "王\ue816"]},
    "units": {
        "code": ["", "x" * 16, "六"], "name": ["\u3000"], "parent": ["", "a b/c"],
        "kind": ["", "castle"], "counters": ["", "0", "100", "-1", "1.5", "two"],
        "active": ["maybe", "2"],
    },
    "officers": {
        "badge": ["", "17/1", "x" * 21], "name": ["\ufffd"], "unit_code": [""],
        "phone": ["12345", "abc", "+1", "138001380000"], "active": ["在职"],
    },
    "operators": {
        "username": ["", "a", "1ab", "x" * 33, "甲乙", "a/b"], "role": ["", "boss"],
        "scope": ["", "/"], "badge": ["17/1"], "active": ["x"],
    },
}  # fmt: skip
BADS = [
    (k, c, cell) for k, columns in BAD.items() for c, found in columns.items() for cell in found
]


def table(kind: str, rows: int = 3) -> list[list[str]]:
    """A right file as cells, the header first."""
    return [
        HEADS[kind].split(","),
        *(GOOD[kind].format(n=n).split(",") for n in range(1, rows + 1)),
    ]


def written(lines: list[list[str]], separator: str = ",", end: str = "\r\n") -> str:
    """The cells as a spreadsheet writes them, quoted where it must be."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(lines)
    return text.getvalue()


def faults(raw: bytes | str) -> list[RowError]:
    """Everything that is wrong with a file in itself."""
    try:
        sheets.read(raw.encode() if isinstance(raw, str) else raw)
    except BadSheet as bad:
        return list(bad.errors)
    return []


@pytest.mark.parametrize("kind", HEADS)
def test_a_right_file_has_no_fault(kind: str) -> None:
    """The files from which the faults below are made are right themselves."""
    assert [] == faults(written(table(kind)))
    assert kind == sheets.read(written(table(kind)).encode()).kind


@pytest.mark.parametrize(("kind", "column", "cell"), BADS)
def test_one_bad_cell_is_one_fault_at_its_place(kind: str, column: str, cell: str) -> None:
    """The line and the column of the one bad cell are named, nothing else, in both languages."""
    lines = table(kind)
    lines[2][lines[0].index(column)] = cell
    (fault,) = faults(written(lines))
    assert (3, column) == (fault.line, fault.column)
    for language in ("zh", "en"):
        said = explain(fault, language)
        assert said
        assert "{" not in said
        assert len(cell) < 4 or cell not in said


@given(st.lists(st.sampled_from(BADS), min_size=2, max_size=8), st.sampled_from(list(HEADS)))
def test_all_faults_are_named_in_the_order_of_lines(
    chosen: list[tuple[str, str, str]], kind: str
) -> None:
    """Any number of bad cells in one file: each is found, none hides another."""
    lines, expected = table(kind, 12), set()
    for number, (of, column, cell) in enumerate(chosen, 2):
        if of == kind:
            lines[number][lines[0].index(column)] = cell
            expected.add((number + 1, column))
    found = [(fault.line, fault.column) for fault in faults(written(lines))]
    assert (expected, sorted(line for line, _ in found)) == (set(found), [n for n, _ in found])


names = st.lists(st.text(COMMON, min_size=1, max_size=6), min_size=1, max_size=5)


@settings(derandomize=True)
@given(
    names,
    st.sampled_from(["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"]),
    st.sampled_from([",", ";", "\t", "，", "；", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_a_file_is_read_however_it_was_saved(
    called: list[str], encoding: str, separator: str, end: str, chinese: bool
) -> None:
    """Chinese names come out the same from every encoding, separator and line end."""
    head = (
        ["警号", "姓名", "单位", "手机号"] if chinese else ["badge", "name", "unit_code", "phone"]
    )
    rows = [[f"B{n}", name, "u1", ""] for n, name in enumerate(called)]
    raw = written([head, *rows], separator, end).encode(encoding)
    sheet = sheets.read(raw)
    assert "officers" == sheet.kind
    assert called == [row.name for _, row in sheet.rows if isinstance(row, OfficerRow)]
    assert list(range(2, len(called) + 2)) == [line for line, _ in sheet.rows]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sep=;\r\nbadge;name;unit_code;phone\r\n/;甲;u1;\r\n", 3),
        ("\r\n\r\nbadge,name,unit_code,phone\r\n/,甲,u1,\r\n", 4),
        ('badge,name,unit_code,phone\nB1,"王\n五",u1,\n/,甲,u1,\n', 4),
        ("badge,name,unit_code,phone\n\n,,,\n/,甲,u1,\n", 4),
        ("badge,name,unit_code,phone\r/,甲,u1,\r", 2),
        ('"badge","name","unit_code","phone"\n"/","甲","u1",""\n', 2),
    ],
    ids=["sep=", "blank lines", "a break in a cell", "ghost rows", "old mac", "all quoted"],
)
def test_the_line_is_the_one_in_the_editor(text: str, line: int) -> None:
    """Whatever stands above, the fault's line is the number that an editor shows."""
    assert [(line, "badge")] == [(fault.line, fault.column) for fault in faults(text)]


@pytest.mark.parametrize(
    "said",
    ["sep=\r\n", "sep=\n", "sep=", 'sep="\n', "sep=\x00\n", "sep= \n", "SEP=;;\n", "sep=a\n"],
)
def test_a_strange_sep_line_is_answered(said: str) -> None:
    """A first line that names no separator, or an impossible one, is a fault and no crash."""
    found = faults(f"{said}badge,name,unit_code,phone\nB1,甲,u1,\n")
    assert all(explain(fault) for fault in found)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"", "csv.empty"), (b"\xef\xbb\xbf", "csv.empty"), (b"\r\n,,\r\n", "csv.empty"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "csv.workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "csv.old_excel"),
        (b"\xff\xfeb\x00a", "csv.encoding"), (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "csv.header"),
        (b"<html><body>badge</body></html>", "csv.header"),
    ],
    ids=["nothing", "only a mark", "only commas", "xlsx", "xls", "half utf-16", "pdf", "html"],
)  # fmt: skip
def test_what_is_no_csv_is_refused_whole(raw: bytes, key: str) -> None:
    """A spreadsheet, a PDF or an empty file is refused with one fault that says what to send."""
    assert [key] == [fault.key for fault in faults(raw)]


def test_a_cell_larger_than_a_book_is_refused() -> None:
    """An unclosed quote that swallows the file is named, not read into memory for ever."""
    text = f'{HEADS["officers"]}\nB1,"{"x" * 140_000}\n'
    assert ["csv.unreadable"] == [fault.key for fault in faults(text)]


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.KINDS])
def test_every_alias_names_its_column(kind: str) -> None:
    """What people call a column in Chinese is understood, padded and spaced as they type it."""
    (one,) = [each for each in kinds.KINDS if each.name == kind]
    for column, aliases in one.aliases.items():
        for alias in aliases:
            for typed in (alias, f" {alias}\u3000", f"{alias}：", f"【{alias}】"):
                assert column == one.column(typed)
    for column in one.columns:
        assert {column} == {one.column(t) for t in (column, column.upper(), f'"{column}"')}


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [("A-1", "A1", True), ("a1", "A-1", True), ("A.1", "A_1", True), ("A1", "A2", False),
     ("Ａ１", "A-1", True), ("A-10", "A-1", False)],
)  # fmt: skip
def test_badges_are_one_in_any_spelling(first: str, second: str, twice: bool) -> None:
    """Two rows whose badges a citizen could not tell apart are one officer twice."""
    found = faults(f"badge,name,unit_code,phone\n{first},甲,u1,\n{second},乙,u1,\n")
    expected = [(3, "badge", "csv.twice", {"value": cells._badge(second), "line": 2})]
    assert (expected if twice else []) == [(f.line, f.column, f.key, dict(f.values)) for f in found]


@pytest.mark.parametrize(
    ("role", "scope", "key"),
    [
        ("unit_operator", "u1", None), ("unit_operator", "town", "csv.scope_not_unit"),
        ("county_supervisor", "town", None), ("county_supervisor", "north", None),
        ("county_supervisor", "root", "csv.scope_not_between"),
        ("county_supervisor", "u1", "csv.scope_not_between"),
        ("city_supervisor", "root", None), ("city_supervisor", "u1", "csv.scope_not_root"),
        ("city_supervisor", "town", "csv.scope_not_root"), ("auditor", "u1", None),
        ("auditor", "root", None), ("leadership", "town", None), ("reward_approver", "u1", None),
        ("inspection", "root", None), ("inspection", "north", "csv.scope_not_root"),
        ("system_admin", "root", None), ("auditor", "nowhere", "csv.no_scope"),
    ],
)  # fmt: skip
def test_where_each_role_may_stand(role: str, scope: str, key: str | None) -> None:
    """A county's stands between, the city's at the root, a unit's at its unit, others anywhere."""
    places = {
        "root": Place("root", "市", "city", None), "north": Place("north", "北", "county", "root"),
        "town": Place("town", "镇", "county", "north"),
    }  # fmt: skip
    row = OperatorRow.model_validate({"username": "ab", "name": "甲", "role": role, "scope": scope})
    found = references.faults_of(2, row, Directory(places, {"u1"}, set()))
    assert ([] if key is None else [(2, "scope", key)]) == [
        (f.line, f.column, f.key) for f in found
    ]


LEVELS = ("city", "county", "unit")
parents = st.sampled_from(["", "a", "b", "c", "d", "root"])
placed = st.tuples(st.sampled_from("abcd"), st.sampled_from(LEVELS), parents)


@settings(derandomize=True)
@given(st.lists(placed, max_size=6, unique_by=lambda row: row[0]))
def test_what_is_accepted_is_a_tree(rows: list[tuple[str, str, str]]) -> None:
    """Whatever is uploaded: either a fault is named, or every place reaches the one root."""
    there = {"root": Place("root", "市", "city", None)}
    numbered: list[tuple[int, Row]] = [
        (line, PlaceRow.model_validate({"code": c, "name": c, "level": lv, "parent": p}))
        for line, (c, lv, p) in enumerate(rows, 2)
    ]
    found = list(tree.faults(numbered, there, LEVELS))
    merged = tree.merged(there, numbered)
    whole = all("root" == tree.path(merged, code)[0] for code in merged)
    ranked = all(
        LEVELS.index(merged[place.parent_code].level) < LEVELS.index(place.level)
        for place in merged.values()
        if place.parent_code in merged and place.parent_code
    )
    assert all(explain(fault) for fault in found)
    assert found or (whole and ranked)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("13800138000", "+8613800138000"), ("+86 138-0013-8000", "+8613800138000"),
     ("１３８００１３８０００", "+8613800138000"), ("", None), ("\u3000", None)],
)  # fmt: skip
def test_roster_phones_as_people_write_them(cell: str, value: Any) -> None:
    """A roster's phone is E.164 whatever was typed, and may be missing."""
    row = OfficerRow.model_validate({"badge": "B1", "name": "甲", "unit_code": "u1", "phone": cell})
    assert value == row.phone


@pytest.mark.parametrize(
    ("typed", "fits"),
    [("ada", True), ("ADA", True), ("ａｄａ", True), ("a.b-c_d9", True), ("a", False),
     ("9a", False),
     ("x" * 32, True), ("x" * 33, False), ("", False), ("阿达", False), ("a/b", False)],
)  # fmt: skip
def test_what_can_be_a_log_in_name(typed: str, fits: bool) -> None:
    """Letters, digits and three marks, beginning with a letter, 2 to 32 of them."""
    column = TypeAdapter(cells.Username)
    if fits:
        known = {"ADA": "ada", "ａｄａ": "ada"}
        assert known.get(typed, typed) == column.validate_python(typed)
    else:
        with pytest.raises(ValidationError, match=r"csv\.username"):
            column.validate_python(typed)
