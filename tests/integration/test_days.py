"""The inbox's days beside a backup: made and dropped without making anybody wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from shared.bus import days
from shared.db import Database
from tests.integration.test_inbox import Effects, box, count, delivery, effects, verified
from tests.support import captured_logs

SERVICE = "notifications"
WEEK = timedelta(days=7)
__all__ = ["effects"]
_DAYS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'inbox'::regclass"


async def parts(database: Database) -> int:
    """How many days the inbox has, besides the default."""
    async with database.acquire() as conn:
        return int(await conn.fetchval(_DAYS)) - 1


@asynccontextmanager
async def backup(database: Database, postgres: Postgres) -> AsyncIterator[None]:
    """A long transaction that has read every part of the inbox, as pg_dump does."""
    async with database.acquire() as conn:
        name = await conn.fetchval("SELECT current_database()")
    reader = await asyncpg.connect(postgres.url(name))
    try:
        async with reader.transaction(isolation="repeatable_read", readonly=True):
            await reader.execute("LOCK TABLE inbox, inbox_pending, outbox IN ACCESS SHARE MODE")
            await reader.fetchval("SELECT count(*) FROM inbox")
            yield
    finally:
        await reader.close()


@pytest.mark.parametrize("retention", [WEEK, timedelta(days=-10)], ids=["make", "drop"])
async def test_nobody_waits_for_a_day_behind_a_backup(
    database: Database, effects: Effects, postgres: Postgres, retention: timedelta
) -> None:
    """While a backup reads, days are put off with a word, and events go on being handled."""
    if retention < WEEK:
        await days.keep(database, "inbox", WEEK)
    before = await parts(database)
    inbox_ = box(database, effects)
    async with backup(database, postgres):
        with captured_logs() as logs:
            keeping = asyncio.create_task(days.keep(database, "inbox", retention))
            for _ in range(20):
                await inbox_.take([delivery(verified())])
            assert not [entry for entry in logs if entry["event"] == "inbox paused"]
            await asyncio.wait_for(keeping, 60)
        assert ["inbox days put off"] == [entry["event"] for entry in logs]
    assert (20, before) == (await count(database), await parts(database))
    await days.keep(database, "inbox", WEEK)
    assert days.AHEAD + 2 == await parts(database)
    assert 20 == await count(database, "inbox")


async def test_two_instances_make_the_same_days(database: Database, effects: Effects) -> None:
    """Started together, they agree: each day once, no error, and nothing is lost."""
    inbox_ = box(database, effects)
    await inbox_.take([delivery(verified()) for _ in range(10)])
    await asyncio.gather(*(days.keep(database, "inbox", WEEK) for _ in range(4)))
    await days.keep(database, "inbox", WEEK)
    assert days.AHEAD + 2 == await parts(database)
    assert (10, 0) == (await count(database, "inbox"), await count(database, "inbox_default"))


async def test_days_keep_their_key_and_bounds_and_no_check_is_left(database: Database) -> None:
    """A made day is an ordinary partition: the prepared check has done its work and is gone."""
    await days.keep(database, "inbox", WEEK)
    async with database.acquire() as conn:
        kinds = await conn.fetch(
            "SELECT c.contype::text AS kind, count(*) FROM pg_inherits i"
            " JOIN pg_constraint c ON c.conrelid = i.inhrelid"
            " WHERE i.inhparent = 'inbox'::regclass GROUP BY 1"
        )
    found = {row["kind"]: row["count"] for row in kinds}
    assert (days.AHEAD + 3, 0) == (found["p"], found.get("c", 0))


async def test_ids_that_come_while_a_day_is_made_are_neither_lost_nor_doubled(
    database: Database, effects: Effects
) -> None:
    """Events pour in at the very moment: each has one effect, and is in the day's partition."""
    inbox_ = box(database, effects)

    async def pour() -> None:
        for _ in range(60):
            await inbox_.take([delivery(verified())])

    await asyncio.gather(pour(), pour(), days.keep(database, "inbox", WEEK))
    await days.keep(database, "inbox", WEEK)
    while await inbox_.retry():
        pass
    assert (120, 120) == (await count(database), await count(database, "inbox"))
    assert 0 == await count(database, "inbox_default")
