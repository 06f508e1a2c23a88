"""Rows that were there before the tree of places: each migration finds them a place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date

import asyncpg
import pytest
from alembic import command

from deploy.local.postgres import Postgres
from services.intake.accept.store import invitations, units
from services.intake.follow import handlers
from shared import migrate
from shared.events import Envelope, UnitChanged

UNIT = "('411724006', '寒冻派出所', '正阳县', {county_code}'household', {counters}true, 3)"
Old = Callable[[str, str], Awaitable[asyncpg.Connection]]


@pytest.fixture
async def old(templates: Postgres) -> AsyncIterator[Old]:
    """A service's database as the first release left it, with one row; then migrated."""
    opened: list[tuple[str, asyncpg.Connection]] = []

    async def make(service: str, row: str) -> asyncpg.Connection:
        name = f"{service}_before"
        admin = await asyncpg.connect(templates.admin_url)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        config = migrate.alembic_config(service, templates.url(name))
        await asyncio.to_thread(command.upgrade, config, f"{service}_0001")
        conn = await asyncpg.connect(templates.url(name))
        opened.append((name, conn))
        await conn.execute(row)
        await migrate.migrate(service, templates.url(name))
        return conn

    yield make
    for name, conn in opened:
        await conn.close()
        admin = await asyncpg.connect(templates.admin_url)
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def test_verification_finds_a_place_for_every_county(old: Old) -> None:
    """The column of before names the place; nothing is read from how the code is written."""
    columns = "unit_code, name, county, kind, counters, active, version"
    row = UNIT.format(county_code="", counters="2, ")
    conn = await old("verification", f"INSERT INTO units ({columns}) VALUES {row}")
    found = await conn.fetch("SELECT place_code, name, parent_code FROM places")
    assert [("411724", "正阳县", None)] == [tuple(place) for place in found]
    found = await conn.fetch("SELECT parent, parent_code, path FROM units")
    assert [("正阳县", "411724", ["411724", "411724006"])] == [tuple(unit) for unit in found]


async def test_scoring_keeps_the_county_in_the_path(old: Old) -> None:
    """A unit of before lies below its county until it is told again."""
    columns = "unit_code, name, county, county_code, kind, active, version"
    row = UNIT.format(county_code="'411724', ", counters="")
    conn = await old("scoring", f"INSERT INTO units ({columns}) VALUES {row}")
    found = await conn.fetch("SELECT parent, path, version FROM units")
    assert [("正阳县", ["411724", "411724006"], 3)] == [tuple(unit) for unit in found]


async def test_intake_calls_the_county_the_place_above(old: Old) -> None:
    """The name stays; only the column is called after what it is."""
    row = "INSERT INTO units VALUES ('411724006', '寒冻派出所', '正阳县', true, 3)"
    conn = await old("intake", row)
    assert "正阳县" == await conn.fetchval("SELECT parent FROM units")


async def test_intake_learns_the_tree_from_what_is_told_again(old: Old) -> None:
    """A unit of before has no place there; what verification says after its upgrade gives it one.

    A supervisor above it then sees it, and its draws, which until then only its own staff did.
    """
    columns = "unit_code, name, county, kind, counters, active, version"
    row = UNIT.format(county_code="", counters="2, ")
    desk = await old("verification", f"INSERT INTO units ({columns}) VALUES {row}")
    conn = await old(
        "intake", "INSERT INTO units VALUES ('411724006', '寒冻派出所', '正阳县', true, 3)"
    )
    await invitations.add_draw(conn, "411724006", date(2026, 7, 2), "s", "l", 9, 3, "李四")
    assert [] == await units.list_below(conn, "411724")
    for body in await desk.fetch("SELECT body FROM outbox WHERE type = 'unit.changed.v1'"):
        event = UnitChanged.model_validate(Envelope.model_validate_json(body[0]).data)
        for _ in range(2):
            await handlers.on_unit_changed(conn, event)
    assert ["411724006"] == [unit.code for unit in await units.list_below(conn, "411724")]
    await conn.execute("SET ROLE mashang_intake; SET mashang.scope = '411724'")
    assert ["411724006"] == [row["unit_code"] for row in await invitations.list_draws(conn, 9)]
    await conn.execute("RESET ROLE")


async def test_a_reward_of_before_has_no_unit(old: Old) -> None:
    """Its unit is '', which no place contains: only who may see everything sees it."""
    row = """
        INSERT INTO rewards (id, case_id, submission_id, incident_id, language, phone_index,
            phone_sealed, amount_fen, month, verified_at, due_at, state, version, attempt,
            failures, retriable, asked)
        VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'zh',
            'p', 's', 2000, '2026-11-01', now(), now(), 'eligible', 0, 0, 0, false, 0)
    """
    conn = await old("rewards", row)
    assert "" == await conn.fetchval("SELECT unit_code FROM rewards")
