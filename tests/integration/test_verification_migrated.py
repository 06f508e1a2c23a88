"""A verification database of the first release, full of work, brought to today's tables."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from alembic import command

from deploy.local.postgres import Postgres
from services.verification.casework.store import cases
from services.verification.directory import commands as directory
from services.verification.directory.commands import Faults, Imported
from services.verification.directory.store import units
from services.verification.directory.store.units import StoredUnit
from services.verification.signin.sessions import SignIn, hash_of
from shared import migrate
from shared.access import Operator, Role
from shared.db import Database, expected_heads
from shared.events import Envelope, OfficerChanged, UnitChanged
from shared.values import clock
from tests.conftest import PASSWORD
from tests.integration.verification_office import LEVELS, settings

SERVICE = "verification"
SEAL = settings().seal
CASE, ABOUT_HIM, OTHER = (UUID(int=n) for n in (1, 2, 3))
ROWS = """
INSERT INTO units (unit_code, name, county, kind, counters, active, version) VALUES
    ('411724006', '寒冻派出所', '正阳县', 'household', 2, true, 3),
    ('411724007', '汝南埠派出所', '正阳县公安局', 'household', 1, false, 1),
    ('411702001', '东高派出所', '驿城区', 'vehicle', 3, true, 2);
INSERT INTO officers (badge, name, unit_code, phone_index, active, version) VALUES
    ('170001', '甲', '411724006', 'index', true, 4), ('170003', '丙', '411702001', NULL, true, 1);
INSERT INTO operators (username, name, role, scope, badge, password_hash, active) VALUES
    ('desk', '值班员', 'unit_operator', '411724006', NULL, '$hash$', true),
    ('accused', '甲', 'unit_operator', '411724006', '170001', '$hash$', true),
    ('county', '县督导', 'county_supervisor', '411724', NULL, '$hash$', true),
    ('gone', '离职', 'auditor', '411724', NULL, '$hash$', false);
INSERT INTO cases (case_id, submission_id, incident_id, kind, unit_code, categories, urgent,
    language, received_at, opened_at, callback_due_at, verification_due_at, callback_state,
    officer_badge)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, gen_random_uuid(), gen_random_uuid(),
    'complaint', unit, '{other}', false, 'zh', now(), opened::timestamptz, now(), now(), 'no_phone',
    badge
FROM (VALUES (1, '411724006', NULL, '2027-01-01 00:00+08'),
             (2, '411724006', '170001', '2026-12-31 23:59:59+08'),
             (3, '411702001', NULL, '2027-01-01 00:00:01+08')) AS old (n, unit, badge, opened);
INSERT INTO case_actions (case_id, action, actor, acted_at, details)
    SELECT case_id, 'opened', '', now(), '{}' FROM cases;
INSERT INTO verdicts (case_id, revision, verdict, attribution, officers, categories, incident_id,
    finding_sealed, answer_sealed, username, role, submitted_at, due_at)
    SELECT case_id, 1, 'helped', 'none', '{}', '{}', incident_id, 's', 's', 'desk',
        'unit_operator', now(), now() FROM cases;
INSERT INTO case_actions (case_id, action, actor, acted_at, details)
    SELECT case_id, 'verdict', 'desk', now(), '{"verdict": "helped", "revision": 1,
        "state": "verified"}' FROM verdicts WHERE case_id::text LIKE '%2';
"""
PLACES = """code,name,level,parent
411700,驻马店市,city,
411724,正阳县,county,411700
411702,驿城区,county,411700
"""


async def _admin(server: Postgres, statement: str) -> None:
    admin = await asyncpg.connect(server.admin_url)
    await admin.execute(statement)
    await admin.close()


@pytest.fixture
async def old(templates: Postgres) -> AsyncIterator[Database]:
    """The rows of before, migrated; opened with the service's own role."""
    await _admin(templates, "CREATE DATABASE verification_old")
    config = migrate.alembic_config(SERVICE, templates.url("verification_old"))
    await asyncio.to_thread(command.upgrade, config, "verification_0001")
    owner = await asyncpg.connect(templates.url("verification_old"))
    await owner.execute(ROWS)
    await owner.execute(
        "INSERT INTO sessions VALUES ($1, 'county', now(), now(), now() + interval '12 hours')",
        hash_of("token"),
    )
    await owner.close()
    await migrate.migrate(SERVICE, templates.url("verification_old"))
    url = templates.url("verification_old", "mashang_verification", PASSWORD)
    database = await Database.connect(url, SERVICE, 2)
    yield database
    await database.close()
    await _admin(templates, "DROP DATABASE verification_old WITH (FORCE)")


async def told_of(database: Database, event_type: str) -> list[Envelope]:
    """What was said so far, oldest first."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", event_type)
    return [Envelope.model_validate_json(row["body"]) for row in rows]


async def load(database: Database, text: str) -> Imported | Faults:
    """Import one text."""
    async with database.transaction() as conn:
        return await directory.import_csv(conn, text.encode(), SEAL, LEVELS)


async def seen(database: Database, role: Role, scope: str, badge: str | None = None) -> set[UUID]:
    """The cases that somebody sees, by the store and by the table itself."""
    who = Operator("x", "x", role, scope, badge)
    async with database.transaction(as_=who) as conn:
        rows = await conn.fetch("SELECT case_id FROM cases")
        bare = {row["case_id"] for row in rows}
        found = {one for one in (CASE, ABOUT_HIM, OTHER) if await cases.get_case(conn, who, one)}
        for table in ("case_actions", "verdicts"):
            rows = await conn.fetch(f"SELECT case_id FROM {table}")
            assert bare == {row["case_id"] for row in rows}, table
    assert bare == found
    return found


async def test_every_county_of_before_is_one_place(old: Database) -> None:
    """Two spellings of a county's name make one place, with no parent yet; no row is lost."""
    async with old.acquire() as conn:
        places = await conn.fetch("SELECT place_code, level, parent_code, version FROM places")
        units = await conn.fetch("SELECT unit_code, parent_code, path, active, version FROM units")
        officers = await conn.fetch("SELECT badge, phone_index, active, version FROM officers")
    assert {("411724", "county", None, 1), ("411702", "county", None, 1)} == set(map(tuple, places))
    assert {
        ("411724006", "411724", True, 4), ("411724007", "411724", False, 2),
        ("411702001", "411702", True, 3),
    } == {(u["unit_code"], u["parent_code"], u["active"], u["version"]) for u in units}  # fmt: skip
    assert all(u["path"] == [u["parent_code"], u["unit_code"]] for u in units)
    assert {("170001", "index", True, 5), ("170003", None, True, 2)} == set(map(tuple, officers))


async def test_who_saw_a_case_before_sees_it_now(old: Database) -> None:
    """Places of before still reach down to their units, and the accused see nothing."""
    assert {CASE, ABOUT_HIM} == await seen(old, "unit_operator", "411724006", "170003")
    assert {CASE} == await seen(old, "unit_operator", "411724006")  # may be anybody there
    assert {CASE} == await seen(old, "unit_operator", "411724006", "170001")
    assert {CASE, ABOUT_HIM} == await seen(old, "county_supervisor", "411724")
    assert {OTHER} == await seen(old, "auditor", "411702")
    assert set() == await seen(old, "city_supervisor", "411700")
    assert set() == await seen(old, "auditor", "")


async def test_cases_of_before_are_numbered_as_they_were_opened(old: Database) -> None:
    """By the year at the bureau, across New Year's midnight; no number is given twice."""
    async with old.acquire() as conn:
        rows = await conn.fetch("SELECT case_id, number FROM cases")
        following = await conn.fetchval("SELECT nextval('case_numbers')")
    told = {ABOUT_HIM: "26-000001", CASE: "27-000002", OTHER: "27-000003"}
    assert (told, 4) == ({row["case_id"]: row["number"] for row in rows}, following)


async def test_what_took_effect_before_counts_as_verified(old: Database) -> None:
    """By the time line, also where a case is open again; a verdict that never did does not."""
    async with old.acquire() as conn:
        rows = await conn.fetch("SELECT case_id, in_force FROM cases WHERE handed_at IS NOT NULL")
    assert [(ABOUT_HIM, "helped")] == [tuple(row) for row in rows]


async def test_an_instance_of_before_still_opens_cases(old: Database) -> None:
    """While the services are exchanged it stores a case without a number, and the case gets one."""
    async with old.transaction() as conn:
        number = await conn.fetchval(
            """INSERT INTO cases (case_id, submission_id, incident_id, kind, unit_code, categories,
                   urgent, language, received_at, opened_at, callback_due_at, verification_due_at,
                   callback_state)
               SELECT gen_random_uuid(), gen_random_uuid(), incident_id, kind, unit_code,
                   categories, urgent, language, received_at, opened_at, callback_due_at,
                   verification_due_at, callback_state
               FROM cases WHERE case_id = $1 RETURNING number""",
            CASE,
        )
    assert f"{clock.service_day(clock.now()).year % 100}-000004" == number


async def test_the_officers_of_before_are_told_again(old: Database) -> None:
    """A service that hears of officers only now gets them all, as newer than it could know."""
    async with old.acquire() as conn:
        known = {tuple(row) for row in await conn.fetch("SELECT badge, version FROM officers")}
    told = await told_of(old, "officer.changed.v1")
    assert known
    assert known == {(one.subject, one.aggregateversion) for one in told}
    for one in told:
        OfficerChanged.model_validate(one.data)


async def test_the_units_of_before_are_told_again(old: Database) -> None:
    """Each once, whole, with its place in the tree, as newer than anybody could know."""
    async with old.acquire() as conn:
        known = await units.list_units(conn)
    told = await told_of(old, "unit.changed.v1")
    assert 3 == len(told)
    assert known == {
        event.unit_code: StoredUnit(
            parent_code=event.path[-2], **{n: getattr(event, n) for n in UnitChanged.model_fields}
        )
        for event in (UnitChanged.model_validate(one.data) for one in told)
    }
    assert all(one.aggregateversion == one.data["version"] for one in told)


async def test_the_first_tree_joins_the_places_of_before(old: Database) -> None:
    """places.csv gives the counties their root; every unit is told anew and the city sees all."""
    assert Imported("places", 1, 2, 0) == await load(old, PLACES)
    told = [one.data for one in (await told_of(old, "unit.changed.v1"))[3:]]
    assert {("411724006", 5, "正阳县"), ("411724007", 3, "正阳县"), ("411702001", 4, "驿城区")} == {
        (event["unit_code"], event["version"], event["parent"]) for event in told
    }
    assert all(event["path"][0] == "411700" for event in told)
    assert {CASE, ABOUT_HIM, OTHER} == await seen(old, "city_supervisor", "411700")
    assert {CASE, ABOUT_HIM} == await seen(old, "county_supervisor", "411724")


async def test_half_a_tree_is_refused(old: Database) -> None:
    """A places.csv that forgets a county of before would leave two roots: nothing is changed."""
    refused = await load(old, PLACES.replace("411702,驿城区,county,411700\n", ""))
    assert isinstance(refused, Faults)
    (fault,) = refused.errors
    assert ("csv.second_root", {"others": "411702"}) == (fault.key, dict(fault.values))
    async with old.acquire() as conn:
        assert 2 == await conn.fetchval("SELECT count(*) FROM places")


async def test_operators_and_sessions_of_before_go_on(old: Database) -> None:
    """Everybody is of version 1, keeps their password, and stays signed in through the upgrade."""
    who = await SignIn(old).who("token")
    assert ("county", "411724", 1) == (who.operator.username, who.operator.scope, who.version)
    async with old.acquire() as conn:
        rows = await conn.fetch("SELECT DISTINCT version, password_hash FROM operators")
        active = await conn.fetchval("SELECT count(*) FROM operators WHERE active")
    assert ([(1, "$hash$")], 3) == ([tuple(row) for row in rows], active)


async def test_new_codes_and_roles_fit_beside_the_old(old: Database) -> None:
    """After the upgrade ids may be anything, leadership is a role, and what was done stays done."""
    await load(old, PLACES)
    units = "code,name,parent,kind,counters\nNeu.1,新所,411724,household,1\n"
    assert Imported("units", 1, 0, 0) == await load(old, units)
    lead = "username,name,role,scope\nboss,局长,leadership,411700\n"
    assert Imported("operators", 1, 0, 0) == await load(old, lead)
    async with old.acquire() as conn:
        for table in ("case_actions", "verdicts"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(f"DELETE FROM {table}")


async def test_a_stranger_writes_nothing_into_an_old_case(old: Database) -> None:
    """The policies hold for rows of before: neither changed nor added to from another place."""
    stranger = Operator("x", "x", "auditor", "411702")
    async with old.transaction(as_=stranger) as conn:
        assert "UPDATE 0" == await conn.execute(
            "UPDATE cases SET urgent = true WHERE case_id = $1", CASE
        )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with old.transaction(as_=stranger) as conn:
            await conn.execute(
                """INSERT INTO case_actions (case_id, action, actor, acted_at, details)
                   VALUES ($1, 'x', 'x', now(), '{}')""",
                CASE,
            )


def test_the_migrations_are_one_chain() -> None:
    """Each follows the one before, whatever numbers were left out; the last one is the head."""
    folder = Path(cases.__file__).parents[2] / "migrations"
    names = sorted(path.stem for path in folder.glob("*.py"))
    assert [] == [name for name in names if not re.fullmatch(r"verification_\d{4}", name)]
    assert {names[-1]} == {head for head in expected_heads(SERVICE) if head.startswith(SERVICE)}
