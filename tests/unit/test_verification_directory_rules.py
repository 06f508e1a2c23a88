"""The directory's CSV files: what is read, and that every fault is named by line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.directory.rules import sheets as directory
from services.verification.directory.rules.columns import Unit
from services.verification.directory.rules.sheets import BadSheet, RowError

UNITS = "code,name,county,kind,counters\n411724006,寒冻派出所,正阳县,household,2\n"
OFFICERS = "badge,name,unit_code,phone\n"
OPERATORS = "username,name,role,scope\n"


def faults(raw: bytes | str) -> list[tuple[int, str]]:
    """The places of all faults; none if the file is right."""
    try:
        directory.read(raw.encode() if isinstance(raw, str) else raw)
    except BadSheet as bad:
        return [(error.line, error.column) for error in bad.errors if error.detail]
    return []


@pytest.mark.parametrize(
    "raw",
    [
        UNITS.encode(),
        UNITS.encode("utf-8-sig"),
        UNITS.replace("\n", "\r\n").encode(),
        UNITS.encode("gb18030"),
        UNITS.rstrip("\n").encode(),
        (UNITS + "\n,,,,\n").encode(),
        UNITS.replace("411724006", " 411724006 ").encode(),
    ],
    ids=["utf-8", "bom", "crlf", "gb18030", "no last newline", "empty lines", "blanks"],
)
def test_what_spreadsheets_write_is_read(raw: bytes) -> None:
    """The same sheet comes out of every encoding and line ending that Excel produces."""
    expected = Unit("411724006", "寒冻派出所", "正阳县", "household", 2)
    assert [expected] == [row for _, row in directory.read(raw).rows]


@pytest.mark.parametrize(
    ("text", "kind"),
    [(UNITS, "units"), (OFFICERS, "officers"), (OPERATORS, "operators")],
)
def test_the_kind_is_in_the_header(text: str, kind: str) -> None:
    """Units, officers and operators are told apart by their columns, in any order."""
    header, *rest = text.splitlines()
    assert kind == directory.read(header.encode()).kind
    assert kind == directory.read(",".join(reversed(header.split(","))).encode()).kind
    assert rest == rest[:1]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [(1, "")]),
        ("a,b,c\n", [(1, "")]),
        ("code,name\n1,2\n", [(1, "counters"), (1, "county"), (1, "kind")]),
        (UNITS.replace("county,", "county,colour,"), [(1, "colour")]),
        (UNITS.replace("kind", "name"), [(1, "kind"), (1, "name")]),
        (UNITS + "411724006,再来,正阳县,household,1\n", [(3, "code")]),
        (UNITS + "41172400,,正阳县,castle,100\n",
         [(3, "code"), (3, "name"), (3, "kind"), (3, "counters")]),
        (UNITS + "411724007,短\n", [(3, "")]),
        (UNITS + '411724007,"未完,正阳县,household,1\n', [(3, "")]),
        (UNITS + "411724007,零\x00字,正阳县,household,1\n", [(3, "name")]),
        (UNITS + "411724007,x,正阳县,household,２\n", [(3, "counters")]),
        (OFFICERS + "17000,甲,411724006,12345\n", [(2, "badge"), (2, "phone")]),
        (OPERATORS + "Ab,甲,boss,4117\n", [(2, "username"), (2, "role"), (2, "scope")]),
        (OPERATORS + "ab,甲,unit_operator,411700\n", [(2, "scope")]),
        (OPERATORS + "ab,甲,county_supervisor,411700\n", [(2, "scope")]),
        (OPERATORS + "ab,甲,city_supervisor,411724\n", [(2, "scope")]),
    ],
)  # fmt: skip
def test_every_fault_is_named(text: str, places: list[tuple[int, str]]) -> None:
    """Each fault with its line and column, all of them and not only the first."""
    assert places == faults(text)


def test_neither_encoding() -> None:
    """Bytes that are no text at all are refused with advice."""
    assert [(1, "")] == faults(b"\xff\xff\xff\xff")


@pytest.mark.parametrize(("cell", "active"), [("是", True), ("no", False), ("", None), ("1", True)])
def test_active_in_words(cell: str, active: bool | None) -> None:
    """Yes and no in both languages; empty leaves the row as it is."""
    text = UNITS.replace("counters\n", "counters,active\n").replace(",2\n", f",2,{cell}\n")
    assert [active] == [row.active for _, row in directory.read(text.encode()).rows]


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(raw: bytes) -> None:
    """Whatever is uploaded is either a sheet or a list of faults, never another exception."""
    faults(raw)
    faults(UNITS.encode() + raw)


def test_unknown_references_name_the_line() -> None:
    """An officer's unit must be in the directory."""
    sheet = directory.read(f"{OFFICERS}170001,甲,411724006,\n".encode())
    assert [] == list(directory.unknown_references(sheet, {"411724006"}, set()))
    expected = [RowError(2, "unit_code", "no unit 411724006; import the units first")]
    assert expected == list(directory.unknown_references(sheet, set(), set()))
