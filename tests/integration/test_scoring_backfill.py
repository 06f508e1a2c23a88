"""The journal of demands begins with what the three ledgers held before it."""

import runpy
from datetime import timedelta
from uuid import uuid4

import asyncpg

from deploy.local.postgres import Postgres
from services.scoring.jobs import make_up
from services.scoring.rules.values import Scope
from services.scoring.store import demands, points, sanctions, strikes
from shared.db import ROOT, Connection, Database
from tests.integration.scoring_parts import (
    DAY,
    POLICIES,
    UNIT,
    cleared,
    on_case_verified,
    verdict,
)

SERVICE = "scoring"
MIGRATION = ROOT / "services" / "scoring" / "migrations" / "scoring_0004.py"
SANCTIONS = MIGRATION.with_name("scoring_0014.py")


async def test_the_ledgers_of_before_are_taken_over(database: Database, postgres: Postgres) -> None:
    """Emptied and filled again from the ledgers, the journal holds the same; a verdict goes on."""
    cases = [uuid4() for _ in range(4)]
    async with database.transaction() as conn:
        for day, case in enumerate(cases):
            await on_case_verified(conn, verdict(case, received_at=DAY + timedelta(days=day)))
        await on_case_verified(conn, cleared(cases[0], 2))
    scopes = [Scope("officer", "170001"), *(Scope("case", str(case)) for case in cases)]
    async with database.acquire() as conn:
        before = await demands.get_in_force(conn, scopes)
        name = await conn.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute("TRUNCATE demands")
    await owner.execute(runpy.run_path(str(MIGRATION))["BACKFILL"])
    await owner.close()
    async with database.transaction() as conn:
        assert before == await demands.get_in_force(conn, scopes)
        for case in cases[1:]:
            await on_case_verified(conn, cleared(case, 2))
        assert 0 == await points.get_balance(conn, UNIT)
        assert frozenset() == await strikes.get_officers_marks(conn, ["170001"])


async def test_sanctions_of_before_wait_for_a_signature(
    database: Database, postgres: Postgres
) -> None:
    """What had been demanded already is proposed with its cases, what was taken back is not."""
    cases = [uuid4() for _ in range(4)]
    async with database.transaction() as conn:
        for day, case in enumerate(cases):
            badge = ("170001",) if day < 2 else ("170002",)
            at = DAY + timedelta(days=day)
            await on_case_verified(conn, verdict(case, received_at=at, officers=badge))
        await on_case_verified(conn, cleared(cases[3], 2))
        name = await conn.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute("TRUNCATE sanctions CASCADE")
    await owner.execute(runpy.run_path(str(SANCTIONS))["PROPOSED"])
    await owner.close()
    async with database.acquire() as conn:
        [row] = await conn.fetch("SELECT sanction_id FROM sanctions_waiting")
        one = await sanctions.get(conn, row["sanction_id"])
        assert one
        assert ("accountability", "170001", UNIT, "2026", tuple(cases[:2])) == (
            one.rule, one.badge, one.unit_code, one.period, one.case_ids,
        )  # fmt: skip


async def test_rules_that_came_later_look_at_the_cases_of_before(
    database: Database, postgres: Postgres
) -> None:
    """Without any change of the cases an alert and an inspection are proposed, once, as now.

    Nothing that takes points is written for them: of old cases too little is known for that.
    """
    for day in range(7):
        named = {"officers": ("170001",)} if day < 4 else {"attribution": "unit", "officers": ()}
        async with database.transaction() as conn:
            told = verdict(uuid4(), received_at=DAY + timedelta(days=day), **named)
            await on_case_verified(conn, told)
    async with database.acquire() as conn:
        before = sorted(await told_of(conn))
        name = await conn.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute("TRUNCATE sanctions CASCADE; UPDATE verdicts SET older = true")
    await owner.execute("ALTER TABLE demands DISABLE TRIGGER demands_append_only")
    await owner.execute("DELETE FROM demands WHERE rule IN ('alert', 'inspection', 'criticism')")
    await owner.execute("ALTER TABLE demands ENABLE TRIGGER demands_append_only")
    await owner.close()
    looked = [await make_up(database, POLICIES) for _ in range(2)]
    async with database.acquire() as conn:
        assert ([1, 0], [one for one in before if one[0] in ("alert", "inspection")]) == (
            looked, sorted(await told_of(conn)),
        )  # fmt: skip
        assert 7 == await conn.fetchval("SELECT count(*) FROM criticisms")


async def told_of(conn: Connection) -> list[tuple[object, ...]]:
    """The sanctions: of whom, for which cases, and the verdict that crossed the line."""
    rows = await conn.fetch("SELECT rule, badge, period, case_ids, case_id FROM sanctions")
    return [tuple(map(str, row)) for row in rows]
