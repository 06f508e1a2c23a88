"""Another city altogether: four levels, ids of letters, Latin names; and a tree that changes."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from services.verification.directory import commands as directory
from services.verification.directory.commands import Faults, Imported
from services.verification.directory.store import places, units
from services.verification.directory.store.operators import StoredOperator
from shared.access import Role
from shared.db import Connection, Database
from tests.integration.verification_office import (
    PASSWORD,
    Office,
    import_all,
    opened,
    settings,
)

SERVICE = "verification"
LEVELS = ("country", "region", "district", "office")
PLACES = """Code;Name;Level;Parent
IS;Ísland;country;
IS-N;Norðurland;region;IS
IS-S;Suðurland;region;IS
eyja;Eyjafjörður;district;IS-N
ARN;Árnessýsla;district;IS-S
"""
UNITS = """code,name,parent,kind,counters
akureyri.1,Akureyri,eyja,household,2
Selfoss_A,Selfoss,ARN,vehicle,1
north-desk,Norðurland beint,IS-N,combined,3
"""
OFFICERS = """badge,name,unit_code,phone
A-17,Jón Þór,akureyri.1,
B.9x,Anna,Selfoss_A,
"""
OPERATORS = """username,name,role,scope,badge
jon,Jón,unit_operator,akureyri.1,A-17
una,Una,unit_operator,akureyri.1,
selma,Selma,unit_operator,Selfoss_A,B.9x
north,Norður,county_supervisor,IS-N,
fjord,Fjörður,county_supervisor,eyja,
south,Suður,county_supervisor,IS-S,
chief,Ríki,city_supervisor,IS,
audit,Eftirlit,auditor,IS-S,
"""
AKUREYRI, SELFOSS, NORTH = "akureyri.1", "Selfoss_A", "north-desk"


@pytest.fixture
async def iceland(database: Database) -> AsyncIterator[Office]:
    """The service with that city's directory."""
    await import_all(database, PLACES, UNITS, OFFICERS, OPERATORS, levels=LEVELS)
    async with opened(database) as bureau:
        yield bureau


async def load(database: Database, text: str) -> Imported | Faults:
    """Import one text with this city's levels."""
    async with database.transaction() as conn:
        return await directory.import_csv(conn, text.encode(), settings().seal, LEVELS)


async def seen(bureau: Office, who: str) -> set[str]:
    """The units of the cases that somebody sees."""
    page = await bureau.ask(who, "GET", "cases")
    return {item["unit_code"] for item in page.json["items"]}


async def told(bureau: Office, unit: str) -> dict[str, Any]:
    """What was last said of a unit."""
    return [e for e in await bureau.events("unit.changed.v1") if e["unit_code"] == unit][-1]


async def test_scopes_follow_the_tree_at_every_depth(iceland: Office) -> None:
    """Everybody sees the cases at and below their own place, whatever the codes look like."""
    for unit in (AKUREYRI, SELFOSS, NORTH):
        await iceland.case(unit_code=unit)
    expected = {
        "una": {AKUREYRI}, "selma": {SELFOSS}, "fjord": {AKUREYRI}, "north": {AKUREYRI, NORTH},
        "south": {SELFOSS}, "chief": {AKUREYRI, SELFOSS, NORTH}, "audit": {SELFOSS},
    }  # fmt: skip
    assert expected == {who: await seen(iceland, who) for who in expected}
    narrowed = await iceland.ask("chief", "GET", f"cases?unit={NORTH}")
    assert [NORTH] == [item["unit_code"] for item in narrowed.json["items"]]


async def test_an_officer_is_recused_however_the_badge_is_written(iceland: Office) -> None:
    """A citizen's spelling, as intake stores it, names the officer; a level higher has the case."""
    case_id = await iceland.case(unit_code=AKUREYRI, officer_badge="A17")
    assert 404 == (await iceland.ask("jon", "GET", f"cases/{case_id}")).status
    assert 404 == (await iceland.ask("una", "GET", f"cases/{case_id}")).status
    assert 200 == (await iceland.ask("fjord", "GET", f"cases/{case_id}")).status


async def test_a_unit_is_told_with_its_place(iceland: Office) -> None:
    """The event names the place above for people, and the codes from the root for scopes."""
    event = await told(iceland, AKUREYRI)
    assert ("Eyjafjörður", ["IS", "IS-N", "eyja", AKUREYRI], 1) == (
        event["parent"], event["path"], event["version"],
    )  # fmt: skip
    assert ["IS", "IS-N", NORTH] == (await told(iceland, NORTH))["path"]


async def test_a_place_that_moves_takes_its_units_along(iceland: Office) -> None:
    """The units below are told anew and nobody else is; scopes follow at once."""
    await iceland.case(unit_code=AKUREYRI)
    moved = await load(iceland.database, "code,name,level,parent\neyja,Eyjafjörður,district,IS-S\n")
    assert Imported("places", 0, 1, 0) == moved
    event = await told(iceland, AKUREYRI)
    assert (["IS", "IS-S", "eyja", AKUREYRI], 2) == (event["path"], event["version"])
    assert 4 == len(await iceland.events("unit.changed.v1"))
    assert (set(), {AKUREYRI}) == (await seen(iceland, "north"), await seen(iceland, "south"))


async def test_a_renamed_place_is_told_by_the_units_that_show_it(iceland: Office) -> None:
    """Only the units directly below carry the name, so only they are told."""
    await load(iceland.database, "code,name,level,parent\nIS-N,Norðrið,region,IS\n")
    events = await iceland.events("unit.changed.v1")
    assert [(NORTH, "Norðrið", 2)] == [
        (e["unit_code"], e["parent"], e["version"]) for e in events[3:]
    ]


async def test_what_would_break_the_tree_changes_nothing(iceland: Office) -> None:
    """A loop, a second root and a place below a unit are refused whole, named by line."""
    for text, line, key in (
        ("IS-N,N,region,eyja\neyja,E,district,IS-N\n", 2, "csv.loop"),
        ("new,New,district,IS-N\nNO,Noregur,country,\n", 3, "csv.second_root"),
        (f"x,X,district,{AKUREYRI}\n", 2, "csv.no_place"),
    ):
        refused = await load(iceland.database, "code,name,level,parent\n" + text)
        assert isinstance(refused, Faults)
        assert (line, key) == (refused.errors[0].line, refused.errors[0].key)
    async with iceland.database.acquire() as conn:
        known = await places.list_places(conn)
    assert ({"IS", "IS-N", "IS-S", "eyja", "ARN"}, {1}) == (
        set(known), {place.version for place in known.values()},
    )  # fmt: skip


async def test_operators_are_told_with_every_change(iceland: Office) -> None:
    """An import, a new password and a disabling are each the operator's next version."""
    una = StoredOperator("UNA", "Una", "unit_operator", NORTH, None, active=True)
    async with iceland.database.transaction() as conn:
        assert await directory.set_operator(conn, una, PASSWORD) is None
        assert await directory.disable_operator(conn, "Una")
        assert not await directory.disable_operator(conn, "una")
    events = [e for e in await iceland.events("operator.changed.v1") if e["username"] == "una"]
    assert [(1, AKUREYRI, True), (2, NORTH, True), (3, NORTH, False)] == [
        (e["version"], e["scope"], e["active"]) for e in events
    ]


async def test_an_unchanged_operator_is_not_told_again(iceland: Office) -> None:
    """The same file again changes and tells nothing; a file may bring a disabled one back."""
    again = await load(iceland.database, OPERATORS)
    assert Imported("operators", 0, 0, 8) == again
    assert 8 == len(await iceland.events("operator.changed.v1"))


async def test_an_operator_is_refused_by_key(conn: Connection) -> None:
    """What is wrong with an operator typed at the command line is named as in a file."""
    await directory.import_csv(conn, PLACES.encode(), settings().seal, LEVELS)
    wrong = StoredOperator("ü", "", "unit_operator", "IS", None, active=True)
    misplaced = StoredOperator("una", "Una", "unit_operator", "IS", None, active=True)
    found = [await directory.set_operator(conn, who, PASSWORD) for who in (wrong, misplaced)]
    assert [["csv.username", "csv.blank"], ["csv.scope_not_unit"]] == [
        [error.key for error in refused.errors] for refused in found if refused
    ]


async def test_the_database_knows_the_same_roles(conn: Connection) -> None:
    """The CHECK on operators lists exactly the roles of the code."""
    for role in get_args(Role):
        await conn.execute(
            """INSERT INTO operators (username, name, role, scope, active, version)
               VALUES ($1, 'x', $1, 'x', true, 1)""",
            role,
        )
    definition = await conn.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'operators_role_known'"
    )
    assert len(get_args(Role)) == definition.count("'::text")


async def test_a_path_ends_with_the_place_and_the_unit(conn: Connection) -> None:
    """The stored path is what scopes are matched with; the database insists on its end."""
    await directory.import_csv(conn, PLACES.encode(), settings().seal, LEVELS)
    await directory.import_csv(conn, UNITS.encode(), settings().seal, LEVELS)
    known = await units.list_units(conn)
    assert {u.unit_code for u in known.values()} == {u.path[-1] for u in known.values()}
    assert {u.parent_code for u in known.values()} == {u.path[-2] for u in known.values()}
