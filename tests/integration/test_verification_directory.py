"""The directory's import on a real database: all or nothing, and only changes are told."""

import asyncio
from pathlib import Path

from services.verification.directory import commands as directory
from services.verification.directory.commands import Faults, Imported
from services.verification.directory.store import officers, units
from services.verification.signin.passwords import Passwords
from services.verification.signin.store.sessions import get_password_hash
from shared.db import Connection, Database
from shared.values.seal import Seal
from tests.integration.verification_office import (
    LEVELS,
    OFFICERS,
    OPERATORS,
    PASSWORD,
    PLACES,
    UNIT,
    UNITS,
    import_all,
    settings,
)

SERVICE = "verification"
DEMO = Path(__file__).parents[2] / "deploy" / "demo"
SEAL: Seal = settings().seal


async def load(conn: Connection, text: str, **more: str) -> Imported | Faults:
    """Import one text."""
    return await directory.import_csv(
        conn, text.encode(), SEAL, LEVELS, first_password=more.get("password")
    )


async def said(conn: Connection, event_type: str) -> int:
    """How many events of a type are waiting."""
    count: int = await conn.fetchval("SELECT count(*) FROM outbox WHERE type = $1", event_type)
    return count


async def test_a_units_matters_are_told_and_stay(conn: Connection) -> None:
    """A column of their own; a file without it leaves them as they are."""
    for file in (PLACES, UNITS):
        assert isinstance(await load(conn, file), Imported)
    await conn.execute("DELETE FROM outbox")
    lines = UNITS.strip().splitlines()
    more = "\n".join([f"{lines[0]},matters", *(f"{line},领证；落户" for line in lines[1:])])
    await load(conn, more)
    await load(conn, UNITS)
    bodies = await conn.fetch("SELECT body::jsonb->'data' AS data FROM outbox")
    assert {("领证", "落户")} == {tuple(row["data"]["matters"]) for row in bodies}
    assert len(lines) - 1 == len(bodies)
    assert {("领证", "落户")} == {unit.matters for unit in (await units.list_units(conn)).values()}


async def test_the_demo_is_imported_and_told(conn: Connection) -> None:
    """All 242 units and their officers go in and each is told once; again changes nothing."""
    for _ in range(2):
        for name in ("places", "units", "officers", "operators"):
            raw = (DEMO / f"{name}.csv").read_bytes()
            done = await directory.import_csv(conn, raw, SEAL, LEVELS)
    assert Imported("operators", 0, 0, 28) == done
    assert 242 == await said(conn, "unit.changed.v1")
    assert 599 == await said(conn, "officer.changed.v1")
    assert 28 == await said(conn, "operator.changed.v1")


async def test_only_changed_rows_are_told(conn: Connection) -> None:
    """A renamed unit is told as its next version; the others are not told again."""
    await load(conn, PLACES)
    await load(conn, UNITS)
    done = await load(conn, UNITS.replace("寒冻派出所户籍室", "寒冻派出所户政窗口"))
    assert Imported("units", 0, 1, 2) == done
    assert 4 == await said(conn, "unit.changed.v1")
    known = await units.list_units(conn)
    assert (2, "寒冻派出所户政窗口") == (known[UNIT].version, known[UNIT].name)


async def test_a_unit_is_closed_by_its_row_and_stays_closed(conn: Connection) -> None:
    """An `active` column closes a unit; a later file without that column leaves it closed."""
    await load(conn, PLACES)
    await load(conn, UNITS)
    await load(conn, f"code,name,parent,kind,counters,active\n{UNIT},寒冻,ZY,household,2,否\n")
    await load(conn, PLACES)
    await load(conn, UNITS)
    known = await units.list_units(conn)
    assert [UNIT] == [code for code, unit in known.items() if not unit.active]


async def test_a_bad_row_imports_nothing(conn: Connection) -> None:
    """One bad row among good ones: nothing is stored or told, and every fault is named."""
    text = UNITS + "一,x,ZY,castle,0\nnew.one,好,ZY,household,1\n"
    refused = await load(conn, text)
    assert isinstance(refused, Faults)
    expected = [(5, "code"), (5, "kind"), (5, "counters")]
    assert expected == [(e.line, e.column) for e in refused.errors]
    assert ({}, 0) == (await units.list_units(conn), await said(conn, "unit.changed.v1"))


async def test_references_must_be_there(conn: Connection) -> None:
    """An officer of an unknown unit, an operator of an unknown place or badge: named by line."""
    missing = await load(conn, OFFICERS)
    assert isinstance(missing, Faults)
    found = [(e.line, e.column) for e in missing.errors]
    assert [(line, "unit_code") for line in (2, 3, 4, 5)] == sorted(found)
    await load(conn, PLACES)
    await load(conn, UNITS)
    operators_missing = await load(
        conn, "username,name,role,scope,badge\nab,甲,unit_operator,nowhere,170001\n"
    )
    assert isinstance(operators_missing, Faults)
    assert ["scope", "badge"] == [e.column for e in operators_missing.errors]


async def test_roster_phones_are_only_indexes(conn: Connection) -> None:
    """An officer's phone is stored and told only as a blind index."""
    await load(conn, PLACES)
    await load(conn, UNITS)
    await load(conn, OFFICERS)
    known = await officers.list_officers(conn)
    assert SEAL.index("+8619900000001") == known["170001"].phone_index
    assert known["170003"].phone_index is None
    for table in ("officers", "outbox"):
        rows = await conn.fetch(f"SELECT t::text AS row FROM {table} t")
        assert "19900000001" not in "".join(row["row"] for row in rows)


async def test_new_operators_get_the_first_password(conn: Connection) -> None:
    """New operators get the first password; an import never changes a password that is there."""
    await load(conn, PLACES)
    await load(conn, UNITS)
    await load(conn, OFFICERS)
    await load(conn, OPERATORS, password=PASSWORD)
    await load(conn, OPERATORS.replace("值班员", "值班长"), password="another password")
    stored = await get_password_hash(conn, "desk")
    assert await Passwords().check(stored, PASSWORD)


async def test_two_imports_at_once_tell_everything_once(database: Database) -> None:
    """The same file imported twice at the same moment adds and tells each unit once."""
    await import_all(database, PLACES)
    both = await asyncio.gather(import_all(database, UNITS), import_all(database, UNITS))
    assert [0, 3] == sorted(done[0].added for done in both)
    async with database.acquire() as conn:
        assert 3 == await said(conn, "unit.changed.v1")
