"""The journal of demands begins with what the three ledgers held before it."""

import runpy
from datetime import timedelta
from uuid import uuid4

import asyncpg

from deploy.local.postgres import Postgres
from services.scoring.rules.values import Scope
from services.scoring.store import demands, points, strikes
from shared.db import ROOT, Database
from tests.integration.scoring_parts import DAY, UNIT, cleared, on_case_verified, verdict

SERVICE = "scoring"
MIGRATION = ROOT / "services" / "scoring" / "migrations" / "scoring_0004.py"


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
