"""Imports at their edges: all or nothing, moving trees, two at once, people cut off."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.verification.directory import commands as directory
from services.verification.directory.commands import Faults, Imported
from services.verification.directory.store import officers, operators, places, units
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin.passwords import TooShort
from services.verification.signin.store import sessions
from services.verification.signin.store.sessions import get_password_hash
from shared.db import Connection, Database
from shared.events import Envelope
from shared.values import clock
from tests.integration.verification_office import (
    LEVELS,
    OFFICERS,
    OPERATORS,
    PLACES,
    UNIT,
    UNITS,
    import_all,
    open_session,
)
from tests.integration.verification_office import settings as office_settings

SERVICE = "verification"
SEAL = office_settings().seal
FILES = {"places": PLACES, "units": UNITS, "officers": OFFICERS, "operators": OPERATORS}
# A row for each kind that is right in itself and does not fit what is there.
MISFITS = {
    "places": "X,新县,county,nowhere\n",
    "units": "x1,新所,nowhere,household,1\n",
    "officers": "990001,新人,nowhere,\n",
    "operators": "newcomer,新人,auditor,nowhere,\n",
}
BROKEN = {
    "places": "X,新县,kingdom,ZMD\n",
    "units": "x1,新所,ZY,castle,1\n",
    "officers": "990001,新人,Han.dong,12345\n",
    "operators": "newcomer,新人,boss,ZMD,\n",
}


@pytest.fixture
async def filled(conn: Connection) -> Connection:
    """The small directory, of which everybody has been told."""
    for file in FILES.values():
        assert isinstance(await load(conn, file), Imported)
    await said(conn)
    return conn


async def load(conn: Connection, text: str, **more: Any) -> Imported | Faults:
    """Import one text in a savepoint."""
    async with conn.transaction():
        return await directory.import_csv(conn, text.encode(), SEAL, LEVELS, **more)


async def said(conn: Connection) -> list[tuple[str, str, int]]:
    """Type, subject and version of what was published since the last question."""
    rows = await conn.fetch("DELETE FROM outbox RETURNING seq, body")
    found = [Envelope.model_validate_json(r["body"]) for r in sorted(rows, key=lambda r: r["seq"])]
    return [(e.type.split(".")[0], e.subject, e.data["version"]) for e in found]


async def everything(conn: Connection) -> str:
    """The whole directory as text."""
    known = [
        await places.list_places(conn), await units.list_units(conn),
        await officers.list_officers(conn), await operators.list_operators(conn),
    ]  # fmt: skip
    return str(known)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("bad", [MISFITS, BROKEN], ids=["misfit", "broken"])
async def test_one_bad_row_imports_nothing_of_any_kind(
    filled: Connection, kind: str, bad: dict[str, str]
) -> None:
    """A changed row, a bad one and a new one: all stays as it was, and nobody is told."""
    before = await everything(filled)
    lines = FILES[kind].replace("驿城", "新城").replace("甲", "新甲").splitlines(keepends=True)
    refused = await load(filled, "".join([*lines[:2], bad[kind], *lines[2:]]))
    assert isinstance(refused, Faults)
    assert {3} == {fault.line for fault in refused.errors}
    assert (before, []) == (await everything(filled), await said(filled))


@pytest.mark.parametrize("kind", FILES)
async def test_the_same_file_again_changes_nothing(filled: Connection, kind: str) -> None:
    """Rows that are already so are counted as unchanged and told to nobody."""
    rows = len(FILES[kind].splitlines()) - 1
    assert Imported(kind, 0, 0, rows) == await load(filled, FILES[kind])
    assert [] == await said(filled)


@pytest.mark.parametrize("kind", FILES)
async def test_rows_that_are_missing_stay(filled: Connection, kind: str) -> None:
    """A file with only one row is about that row; nothing is removed by leaving it out."""
    before = await everything(filled)
    lines = FILES[kind].splitlines(keepends=True)
    assert Imported(kind, 0, 0, 1) == await load(filled, lines[0] + lines[1])
    assert before == await everything(filled)


async def test_progress_is_told_row_by_row(conn: Connection) -> None:
    """Whoever watches an import sees every row go by, up to all of them."""
    seen: list[tuple[int, int]] = []
    await load(conn, PLACES, progress=lambda done, total: seen.append((done, total)))
    assert [(1, 3), (2, 3), (3, 3)] == seen


async def test_an_officer_who_moves_is_told_with_the_new_unit(filled: Connection) -> None:
    """The next version names the new unit; an unknown active column leaves them in service."""
    moved = await load(filled, "badge,name,unit_code,phone\n170003,丙,Han.dong,\n")
    assert Imported("officers", 0, 1, 0) == moved
    assert [("officer", "170003", 2)] == await said(filled)
    known = await officers.list_officers(filled)
    assert ("Han.dong", True) == (known["170003"].unit_code, known["170003"].active)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("badge,name,unit_code,phone\n17-0001,甲,Han.dong,\n", 2, "csv.look_alike"),
        ("code,name,parent,kind,counters\nHAN.DONG,甲,ZY,household,1\n", 2, "csv.look_alike"),
        ("code,name,parent,kind,counters\nZY,甲,ZY,household,1\n", 2, "csv.is_place"),
        (f"code,name,level,parent\n{UNIT},甲,county,ZMD\n", 2, "csv.is_unit"),
        ("code,name,level,parent\nZMD,市,county,ZY\nZY,县,city,\n", 2, "csv.level_order"),
        ("username,name,role,scope,badge\nab,甲,unit_operator,Han.dong,170099\n", 2,
         "csv.no_officer"),
    ],
)  # fmt: skip
async def test_what_could_be_mistaken_is_refused(
    filled: Connection, text: str, line: int, key: str
) -> None:
    """A code in another spelling, a unit that is a place, a tree upside down: named by line."""
    refused = await load(filled, text)
    assert isinstance(refused, Faults)
    assert (line, key) in [(fault.line, fault.key) for fault in refused.errors]
    assert [] == await said(filled)


async def test_a_disabled_operator_is_out_and_comes_back_as_they_were(filled: Connection) -> None:
    """`active` no ends the sessions; a later yes opens the door again, with the old password."""
    now = clock.now()
    await operators.set_password_hash(filled, "desk", "$hash$")
    await sessions.add_session(filled, b"t", "desk", now, now)
    head = "username,name,role,scope,badge,active\n"
    await load(filled, f"{head}desk,值班员,unit_operator,{UNIT},,否\n")
    assert 0 == await filled.fetchval("SELECT count(*) FROM sessions")
    assert await get_password_hash(filled, "desk") is None
    await load(filled, f"{head}desk,值班员,unit_operator,{UNIT},,是\n")
    assert "$hash$" == await get_password_hash(filled, "desk")
    assert [("operator", "desk", 2), ("operator", "desk", 3)] == await said(filled)


async def test_disabling_ends_sessions_and_is_told_once(filled: Connection) -> None:
    """In any spelling of the name; a second time there is nobody to disable."""
    now = clock.now()
    await sessions.add_session(filled, b"t", "desk", now, now)
    assert await directory.disable_operator(filled, " ＤＥＳＫ ")
    assert 0 == await filled.fetchval("SELECT count(*) FROM sessions")
    assert not await directory.disable_operator(filled, "desk")
    assert not await directory.disable_operator(filled, "nobody")
    assert [("operator", "desk", 2)] == await said(filled)


async def test_a_short_password_changes_nobody(filled: Connection) -> None:
    """Faults before anything is stored: the operator keeps role, password and session."""
    before = await everything(filled)
    who = StoredOperator("desk", "新", "auditor", "ZMD", None, active=True)
    with pytest.raises(TooShort):
        await directory.set_operator(filled, who, "short")
    assert (before, []) == (await everything(filled), await said(filled))
    with pytest.raises(TooShort):
        await load(filled, OPERATORS + "fresh,新,auditor,ZMD,\n", first_password="short")
    assert before == await everything(filled)


codes = st.sampled_from(["ZMD", "ZY", "YC", "N1", "N2"])
rows = st.tuples(
    codes, st.sampled_from(["甲地", "乙地"]), st.sampled_from(["city", "county", "county"]),
    st.sampled_from(["", "ZMD", "ZMD", "ZMD", "ZY"]),
)  # fmt: skip


@settings(
    max_examples=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(files=st.lists(st.lists(rows, max_size=3, unique_by=lambda r: r[0]), max_size=4))
async def test_units_always_lie_where_the_tree_says(
    filled: Connection, files: list[list[tuple[str, ...]]]
) -> None:
    """However places change: each path is the tree's, each changed unit is told once, no other."""
    for file in files:
        before = await units.list_units(filled)
        text = "code,name,level,parent\n" + "".join(",".join(row) + "\n" for row in file)
        done = await load(filled, text)
        after, tree = await units.list_units(filled), await places.list_places(filled)
        told = [(code, version) for kind, code, version in await said(filled) if kind == "unit"]
        changed = {code for code in after if before[code] != after[code]}
        assert isinstance(done, Imported) or not changed
        assert {(code, before[code].version + 1) for code in changed} == set(told)
        assert len(changed) == len(told)
        for unit in after.values():
            above, path = tree[unit.parent_code], [unit.unit_code]
            assert unit.parent == above.name
            step: str | None = unit.parent_code
            while step is not None:
                path.insert(0, step)
                step = tree[step].parent_code
            assert tuple(path) == unit.path


async def test_two_different_imports_at_once_wait_for_each_other(database: Database) -> None:
    """A place that moves while its units are imported: the units end up where it moved."""
    await import_all(database, PLACES, UNITS)
    move = "code,name,level,parent\nZY,正阳新县,county,ZMD\n"
    more = UNITS + "late.one,新所,ZY,household,1\n"
    await asyncio.gather(import_all(database, move), import_all(database, more))
    async with database.acquire() as conn:
        known = await units.list_units(conn)
    assert {"正阳新县"} == {unit.parent for unit in known.values() if unit.parent_code == "ZY"}
    assert ("ZMD", "ZY", "late.one") == known["late.one"].path


async def test_a_failing_import_leaves_the_database_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database refuses the last row, also the first ones are undone and unsaid."""
    await import_all(database, PLACES)
    async with database.acquire() as conn:
        before = await said(conn)
    real, calls = units.add_unit, 0

    async def third_time_bad(conn: Connection, unit: units.StoredUnit) -> None:
        nonlocal calls
        calls += 1
        await real(conn, unit)
        if calls == 3:
            await conn.execute("SELECT 1 / 0")

    monkeypatch.setattr(units, "add_unit", third_time_bad)
    with pytest.raises(Exception, match="division by zero"):
        await import_all(database, UNITS)
    async with database.acquire() as conn:
        assert ({}, []) == (await units.list_units(conn), await said(conn))
    assert [] == before


async def test_an_import_and_a_request_at_once(database: Database) -> None:
    """Whoever is signed in while the operators are imported anew keeps their session."""
    await import_all(database, *FILES.values())
    token = await open_session(database, "desk")
    await asyncio.gather(import_all(database, OPERATORS), import_all(database, OPERATORS))
    async with database.acquire() as conn:
        assert 1 == await conn.fetchval("SELECT count(*) FROM sessions WHERE username = 'desk'")
    assert token
