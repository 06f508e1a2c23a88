"""The directory's history: every change with who and when, whoever made it and by which way."""

import json
from typing import Any

import pytest

from services.verification.directory import commands as directory
from services.verification.directory.commands import Imported
from services.verification.directory.saving import By
from services.verification.directory.store import changes, officers, operators, postings
from services.verification.directory.store.changes import Change, Kind
from shared.access import Operator
from shared.db import Connection, act_as
from tests.integration.verification_office import (
    LEVELS,
    OFFICERS,
    OPERATORS,
    OTHER_UNIT,
    PASSWORD,
    PLACES,
    UNIT,
    UNITS,
    settings,
)

SERVICE = "verification"
SEAL = settings().seal
MOVED = f"badge,name,unit_code,phone\n170001,甲,{OTHER_UNIT},+8619900000001\n"
COUNTY = Operator("county", "县督导", "county_supervisor", "ZY")
ELSEWHERE = Operator("elsewhere", "区督导", "county_supervisor", "YC")


async def load(conn: Connection, text: str, by: str | None = None) -> Imported:
    """Import one text."""
    done = await directory.import_csv(conn, text.encode(), SEAL, LEVELS, by=By(by))
    assert isinstance(done, Imported), done
    return done


@pytest.fixture
async def filled(conn: Connection) -> Connection:
    """A database with the small directory."""
    for file in (PLACES, UNITS, OFFICERS, OPERATORS):
        await load(conn, file)
    return conn


async def told(conn: Connection, kind: Kind, code: str) -> list[Change]:
    """The history of one thing, the newest first."""
    return await changes.list_changes(conn, kind, code, 10)


async def test_what_is_new_is_noted_as_new(filled: Connection) -> None:
    """Each row of a first import is a change without a before, from the command line."""
    count = await filled.fetchval("SELECT count(*) FROM directory_changes WHERE was IS NULL")
    lines = [text.strip().count("\n") for text in (PLACES, UNITS, OFFICERS, OPERATORS)]
    assert sum(lines) == count
    [first] = await told(filled, "units", UNIT)
    assert (1, None, None) == (first.version, first.was, first.changed_by)
    assert ("寒冻派出所户籍室", ["ZMD", "ZY", UNIT]) == (first.now["name"], first.now["path"])


async def test_a_change_says_what_it_was_and_who_made_it(filled: Connection) -> None:
    """A renamed unit has two entries; a row that says what is there already has none."""
    await load(filled, UNITS.replace("寒冻派出所户籍室", "寒冻户政窗口"), "admin")
    newest, first = await told(filled, "units", UNIT)
    assert ("admin", 2) == (newest.changed_by, newest.version)
    assert newest.was == first.now
    assert {**first.now, "name": "寒冻户政窗口", "version": 2} == newest.now
    assert 1 == len(await told(filled, "units", OTHER_UNIT))


async def test_units_below_a_renamed_place_are_noted_too(filled: Connection) -> None:
    """What follows from a change of a place stands in the history of what it changed."""
    await load(filled, PLACES.replace("正阳县", "正阳区"), "admin")
    newest, _ = await told(filled, "units", UNIT)
    assert ("正阳县", "正阳区") == (newest.was and newest.was["parent"], newest.now["parent"])
    assert "admin" == newest.changed_by


async def test_a_move_keeps_where_they_served(filled: Connection) -> None:
    """One posting ends where the next begins; who leaves has none, who comes back a new one."""
    await load(filled, MOVED)
    newest, before = await postings.list_postings(filled, "170001")
    assert (OTHER_UNIT, UNIT) == (newest.unit_code, before.unit_code)
    assert (None, newest.since) == (newest.until, before.until)
    gone = MOVED.replace("phone\n", "phone,active\n").strip()
    for active, count in (("no", 2), ("no", 2), ("yes", 3)):
        await load(filled, f"{gone},{active}\n")
        found = await postings.list_postings(filled, "170001")
        assert (count, active == "yes") == (len(found), found[0].until is None)


async def test_passwords_and_phones_are_not_in_it(filled: Connection) -> None:
    """A new password is a version in which nothing else is new; phones are there as indexes."""
    desk = await operators.get_operator(filled, "desk")
    assert desk
    assert await directory.set_operator(filled, desk, PASSWORD) is None
    newest, first = await told(filled, "operators", "desk")
    assert newest.was == first.now == {**newest.now, "version": 1}
    rows = await filled.fetch("SELECT c::text AS row FROM directory_changes c")
    whole = json.dumps([row["row"] for row in rows])
    assert "argon2" not in whole
    assert "19900000001" not in whole
    known = await officers.list_officers(filled)
    assert str(known["170001"].phone_index) in whole


async def test_a_disabled_operator_is_noted(filled: Connection) -> None:
    """The command leaves its mark as any file does."""
    assert await directory.disable_operator(filled, "desk")
    newest, _ = await told(filled, "operators", "desk")
    assert (True, False) == (newest.was and newest.was["active"], newest.now["active"])


async def test_each_sees_the_history_below_their_place(filled: Connection) -> None:
    """Whoever looks after one county learns nothing of another's, but of what left their own."""
    await load(filled, UNITS.replace(f"{UNIT},寒冻派出所户籍室,ZY", f"{UNIT},寒冻派出所户籍室,YC"))
    seen: dict[str, set[Any]] = {}
    for who in (COUNTY, ELSEWHERE):
        async with filled.transaction():
            await act_as(filled, who)
            rows = await filled.fetch("SELECT code, version FROM directory_changes")
            seen[who.username] = {tuple(row.values()) for row in rows}
    assert {(UNIT, 2), (OTHER_UNIT, 1), ("ZY", 1)} <= seen["county"]
    assert {(UNIT, 1), (UNIT, 2), ("YC", 1), ("170001", 1)} <= seen["elsewhere"]
    assert {"ZY", OTHER_UNIT, "county", "170003"}.isdisjoint(
        {code for code, _ in seen["elsewhere"]}
    )
