"""The directory's CSV files: what is read, and that every fault is named by line and column."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.intake.open.rules import drawing
from services.verification.directory.explaining import explain
from services.verification.directory.rules import cells, references, sheets, tree
from services.verification.directory.rules.references import Directory
from services.verification.directory.rules.rows import OfficerRow, OperatorRow, UnitRow
from services.verification.directory.rules.tree import Place
from shared.values import sheet
from shared.values.sheet import BadSheet, RowError
from shared.web import texts

UNITS = "code,name,parent,kind,counters\nHD.06,寒冻派出所,ZY,household,2\n"
UNIT = UnitRow(code="HD.06", name="寒冻派出所", parent="ZY", kind="household", counters="2")
PLACES = "code,name,level,parent\n"
OFFICERS = "badge,name,unit_code,phone\n"
OPERATORS = "username,name,role,scope\n"
LEVELS = ("country", "region", "district", "office")
TREE = {
    "root": Place("root", "Land", "country", None),
    "north": Place("north", "North", "region", "root"),
    "south": Place("south", "South", "region", "root"),
    "town": Place("town", "Town", "district", "north"),
}


def faults(raw: bytes | str) -> list[tuple[int, str]]:
    """The places of all faults; none if the file is right."""
    try:
        sheets.read(raw.encode() if isinstance(raw, str) else raw)
    except BadSheet as bad:
        return [(error.line, error.column) for error in bad.errors if explain(error)]
    return []


def keys(raw: bytes | str) -> list[str]:
    """The keys of all faults."""
    with pytest.raises(BadSheet) as bad:
        sheets.read(raw.encode() if isinstance(raw, str) else raw)
    return [error.key for error in bad.value.errors]


def tree_faults(text: str, places: dict[str, Place] | None = None) -> list[tuple[int, str]]:
    """What is wrong with the tree once this file is in it."""
    sheet = sheets.read((PLACES + text).encode())
    found = tree.faults(sheet.rows, TREE if places is None else places, LEVELS)
    return [(error.line, error.key) for error in found if explain(error)]


@pytest.mark.parametrize(
    "raw",
    [
        UNITS.encode(),
        UNITS.encode("utf-8-sig"),
        ("\ufeff\ufeff" + UNITS).encode(),
        UNITS.replace("\n", "\r\n").encode(),
        UNITS.encode("gb18030"),
        UNITS.encode("utf-16"),
        ("\ufeff" + UNITS).encode("utf-16-be"),
        UNITS.rstrip("\n").encode(),
        (UNITS + "\n,,,,\n").encode(),
        UNITS.replace("HD.06", " HD.06\u3000").encode(),
        UNITS.replace("HD.06", "ＨＤ．０６").replace(",2", ",２").encode(),
        UNITS.replace(",", ";").encode(),
        UNITS.replace(",", "\t").encode("utf-16"),
        UNITS.replace(",", "，").encode(),
        ("sep=;\r\n" + UNITS.replace(",", ";")).encode(),
        UNITS.replace("code,name", "CODE, Name ").encode(),
        UNITS.replace("code,name,parent,kind,counters", "单位代码,名称,上级,类型,窗口数").encode(),
        UNITS.replace("\n", ",,,\n").encode(),
        ("\n" + UNITS + ",,,,\n\n").encode(),
        UNITS.replace("counters\n", "counters,active\n").encode(),
    ],
    ids=["utf-8", "bom", "two boms", "crlf", "gb18030", "utf-16", "utf-16-be", "no last newline",
         "empty lines", "blanks", "full width", "semicolons", "unicode text", "full-width commas",
         "sep=", "capitals", "chinese header", "ghost columns", "ghost rows", "short rows"],
)  # fmt: skip
def test_what_spreadsheets_write_is_read(raw: bytes) -> None:
    """The same sheet comes out of every encoding, separator and header that people produce."""
    assert [UNIT] == [row for _, row in sheets.read(raw).rows]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张　三", "张三"),
        ("张\u00a0三", "张三"),
        (" 张  三 ", "张三"),
        ("张\u200b三", "张三"),
        ("零\x00字", "零字"),
        ('"王\n五"', "王五"),
        ("Ó Súilleabháin", "Ó Súilleabháin"),
    ],
)
def test_spaces_in_names_are_only_spaces(cell: str, name: str) -> None:
    """Full-width, no-break and invisible characters inside a name stop no roster."""
    ((_, row),) = sheets.read(f"{OFFICERS}A-1,{cell},u1,\n".encode()).rows
    assert isinstance(row, OfficerRow)
    assert name == row.name


@pytest.mark.parametrize("cell", ["王\ue816明", "王\ufffd明"])
def test_a_character_without_a_meaning_is_named(cell: str) -> None:
    """What a broken conversion left behind is named with its place, since the name is lost."""
    with pytest.raises(BadSheet) as bad:
        sheets.read(f"{OFFICERS}A-1,{cell},u1,\n".encode())
    (error,) = bad.value.errors
    assert (2, "name", "csv.unusable", 2) == (
        error.line, error.column, error.key, error.values["place"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("石强", "gbk"), ("石强", "utf-8"), ("José Ångström", "utf-8"), ("Иван", "utf-8"),
     ("Łukasz", "utf-8"), ("王小明", "gbk")],
)  # fmt: skip
def test_the_encoding_is_guessed_by_what_comes_out(name: str, encoding: str) -> None:
    """A short GBK file that is valid UTF-8 by accident is still Chinese; real UTF-8 stays."""
    raw = f"{OFFICERS}179901,{name},u1,\n".encode(encoding)
    assert [name] == [row.name for _, row in sheets.read(raw).rows if isinstance(row, OfficerRow)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [(UNITS, "units"), (PLACES, "places"), (OFFICERS, "officers"), (OPERATORS, "operators"),
     ("警号,姓名,单位,手机号\n", "officers"), ("用户名;姓名;角色;辖区;警号\n", "operators")],
)  # fmt: skip
def test_the_kind_is_in_the_header(text: str, kind: str) -> None:
    """The four files are told apart by their columns, in any order."""
    header = text.splitlines()[0]
    separator = ";" if ";" in header else ","
    assert kind == sheets.read(header.encode()).kind
    assert kind == sheets.read(separator.join(reversed(header.split(separator))).encode()).kind


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [(1, "")]),
        ("a,b,c\n", [(1, "")]),
        ("code,name\n1,2\n", [(1, "counters"), (1, "kind"), (1, "parent")]),
        (UNITS.replace("parent,", "parent,colour,").replace("ZY,", "ZY,red,"), [(1, "colour")]),
        (UNITS.replace("kind", "name"), [(1, "kind"), (1, "name")]),
        (UNITS + "HD.06,再来,ZY,household,1\n", [(3, "code")]),
        (UNITS + "hd.O6,看错,ZY,household,1\n", [(3, "code")]),
        (UNITS + "1234567890123456,,ZY,castle,100\n",
         [(3, "code"), (3, "name"), (3, "kind"), (3, "counters")]),
        (UNITS + "HD.07,短\n", [(3, "parent"), (3, "kind"), (3, "counters")]),
        (UNITS + "HD.07,长,ZY,household,1,1\n", [(3, "")]),
        (UNITS + '"未完,ZY,household,1\n', [(3, "")]),
        (UNITS + "六,x,ZY,household,２0x\n", [(3, "code"), (3, "counters")]),
        (OFFICERS + "17/000,甲,u1,12345\n", [(2, "badge"), (2, "phone")]),
        (OFFICERS + "170-004,甲,u1,\n170004,乙,u1,\n", [(3, "badge")]),
        (OPERATORS + "甲乙,甲,boss,/\n", [(2, "username"), (2, "role"), (2, "scope")]),
        ("sep=;\nbadge;name;unit_code;phone\nA 1;;u1;\n", [(3, "name")]),
    ],
)  # fmt: skip
def test_every_fault_is_named(text: str, places: list[tuple[int, str]]) -> None:
    """Each fault with its line and column, all of them and not only the first."""
    assert places == faults(text)


def test_neither_encoding() -> None:
    """Bytes that are no text at all are refused with advice."""
    assert ["csv.encoding"] == keys(b"\x81\xff\xff\xff")
    assert ["csv.encoding"] == keys(b"\xff\xfea")


@pytest.mark.parametrize(
    ("cell", "matters"),
    [
        ("领取身份证；补办户口本", ("领取身份证", "补办户口本")),
        (" 落户 | 迁移 ｜ 落户;", ("落户", "迁移")),
        ("", ()),
    ],
)
def test_matters_stand_in_one_cell(cell: str, matters: tuple[str, ...]) -> None:
    """Between semicolons or bars, as offices write lists; each once, in their order."""
    text = UNITS.replace("counters\n", "counters,事项\n").replace(",2\n", f",2,{cell}\n")
    rows = [row for _, row in sheets.read(text.encode()).rows if isinstance(row, UnitRow)]
    assert [matters] == [row.matters for row in rows]


@pytest.mark.parametrize("cell", [";".join(map(str, range(61))), "长" * 41])
def test_too_many_or_long_matters_are_named(cell: str) -> None:
    """More than a phone's screen could list."""
    text = UNITS.replace("counters\n", "counters,matters\n").replace(",2\n", f",2,{cell}\n")
    assert ["csv.matters"] == keys(text)


@pytest.mark.parametrize(
    ("cell", "active"), [("是", True), ("no", False), ("", None), ("１", True)]
)
def test_active_in_words(cell: str, active: bool | None) -> None:
    """Yes and no in both languages; empty leaves the row as it is."""
    text = UNITS.replace("counters\n", "counters,active\n").replace(",2\n", f",2,{cell}\n")
    rows = [row for _, row in sheets.read(text.encode()).rows if isinstance(row, UnitRow)]
    assert [active] == [row.active for row in rows]


@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\xd8")
def test_any_bytes_are_answered(raw: bytes) -> None:
    """Whatever is uploaded is either a sheet or a list of faults, never another exception."""
    faults(raw)
    faults(UNITS.encode() + raw)


@given(st.text(max_size=60), st.sampled_from([UNITS, PLACES, OFFICERS, OPERATORS]))
def test_any_cells_are_answered(typed: str, head: str) -> None:
    """Whatever is typed into cells is taken or named."""
    faults(head + typed)
    faults(typed + head)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("east,East,region,root\nport,Port,district,east\n", []),
        ("port,Port,district,root\n", []),
        ("town,Town,district,south\n", []),
        ("x,X,office,town\n", [(2, "csv.level")]),
        ("x,X,kingdom,root\n", [(2, "csv.level")]),
        ("x,X,region,nowhere\n", [(2, "csv.no_place")]),
        ("x,X,region,\n", [(2, "csv.parent_missing")]),
        ("x,X,region,town\n", [(2, "csv.level_order")]),
        ("x,X,region,north\n", [(2, "csv.level_order")]),
        ("north,North,district,root\n", [(2, "csv.level_order")]),
        ("other,Other,country,\n", [(2, "csv.second_root")]),
        ("root,Land,country,north\n", [(2, "csv.root_has_parent")]),
        ("north,North,region,town\ntown,Town,district,north\n",
         [(2, "csv.loop"), (3, "csv.loop")]),
        ("x,X,region,x\n", [(2, "csv.loop")]),
    ],
)  # fmt: skip
def test_what_is_no_tree_is_refused(text: str, found: list[tuple[int, str]]) -> None:
    """Loops, unknown parents, second roots and levels in the wrong order are named by line."""
    assert found == tree_faults(text)


def test_a_path_goes_from_the_root_down() -> None:
    """Every place has the codes of all above it, and its own last."""
    assert ("root", "north", "town") == tree.path(TREE, "town")
    assert ("root",) == tree.path(TREE, "root")


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdefg") | st.none()))
def test_a_path_ends_in_any_graph(parents: dict[str, str | None]) -> None:
    """Whatever the pointers, walking up ends, and no place is passed twice."""
    places = {code: Place(code, code, "x", parent) for code, parent in parents.items()}
    for code in places:
        walked = tree.path(places, code)
        assert code == walked[-1]
        assert len(walked) == len(set(walked))


KNOWN = Directory(TREE, {"u1", "U.10"}, {"A-1"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OFFICERS + "B1,甲,u1,\n", []),
        (OFFICERS + "B1,甲,u2,\n", [RowError(2, "unit_code", "csv.no_unit", {"code": "u2"})]),
        (OFFICERS + "a1,甲,u1,\n",
         [RowError(2, "badge", "csv.look_alike", {"value": "a1", "other": "A-1"})]),
        (UNITS, [RowError(2, "parent", "csv.no_place", {"code": "ZY"})]),
        (UNITS.replace("ZY", "u1"), [RowError(2, "parent", "csv.no_place", {"code": "u1"})]),
        (UNITS.replace("HD.06", "u.lo").replace("ZY", "town"),
         [RowError(2, "code", "csv.look_alike", {"value": "u.lo", "other": "U.10"})]),
        (UNITS.replace("HD.06", "town").replace("ZY", "town"),
         [RowError(2, "code", "csv.is_place", {"code": "town"})]),
        (PLACES + "u1,X,region,root\n", [RowError(2, "code", "csv.is_unit", {"code": "u1"})]),
        (OPERATORS + "ab,甲,unit_operator,u1\ncd,乙,auditor,town\n", []),
        (OPERATORS + "ab,甲,unit_operator,u9\n",
         [RowError(2, "scope", "csv.no_scope", {"code": "u9"})]),
        (OPERATORS + "ab,甲,unit_operator,town\n", [RowError(2, "scope", "csv.scope_not_unit")]),
        (OPERATORS + "ab,甲,county_supervisor,town\ncd,乙,county_supervisor,north\n", []),
        (OPERATORS + "ab,甲,county_supervisor,root\n",
         [RowError(2, "scope", "csv.scope_not_between")]),
        (OPERATORS + "ab,甲,county_supervisor,u1\n",
         [RowError(2, "scope", "csv.scope_not_between")]),
        (OPERATORS + "ab,甲,city_supervisor,root\n", []),
        (OPERATORS + "ab,甲,city_supervisor,north\n",
         [RowError(2, "scope", "csv.scope_not_root")]),
        ("username,name,role,scope,badge\nab,甲,unit_operator,u1,A1\n",
         [RowError(2, "badge", "csv.spelt", {"value": "A1", "other": "A-1"})]),
    ],
)  # fmt: skip
def test_rows_are_held_against_the_directory(text: str, found: list[RowError]) -> None:
    """What a row names must be there, where the tree says, and not be mistaken for another."""
    errors = list(references.faults(sheets.read(text.encode()), KNOWN))
    assert found == errors
    assert all(map(explain, errors))


def test_a_username_is_one_in_any_case() -> None:
    """Capitals and full-width letters make no second log-in."""
    ((_, row),) = sheets.read(f"{OPERATORS}ＡＤＡ,甲,Auditor,root\n".encode()).rows
    assert isinstance(row, OperatorRow)
    assert ("ada", "auditor") == (row.username, row.role)


def test_every_key_has_words_in_both_languages() -> None:
    """No fault is without an explanation, and no explanation without a fault."""
    visits = Path(drawing.__file__).with_name("visits.py")
    values = Path(sheet.__file__).parent.glob("*.py")
    files = [*Path(cells.__file__).parents[1].rglob("*.py"), *values, visits]
    used = {
        key for file in files for key in re.findall(r'"(csv\.[a-z_]+)"', file.read_text("utf-8"))
    }
    for language in texts.whole():
        known = texts.texts(language).forms
        assert used == {key for key in known if key.startswith("csv.")}
