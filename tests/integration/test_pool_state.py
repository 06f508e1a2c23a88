"""A connection goes back to the pool as it was taken: nothing of ours outlives a transaction."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from deploy.local.settings import ROOT
from shared.access import Operator
from shared.db import Database
from tests.conftest import Clone

SERVICE = "verification"
NORTH = Operator("north1", "周四", "unit_operator", "n1", "A-1")
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name <> 'transaction_isolation'"
OWN = """
    SELECT current_setting('mashang.scope') || ' ' || current_setting('mashang.badge')
           || ' ' || current_setting('synchronous_commit')
"""
# What would stay on a connection after its transaction. `SET` is LOCAL, or part of an UPDATE.
LASTING = re.compile(
    r"""pg_(?:try_)?advisory_lock(?:_shared)?\(|["'(]\s*SET\s+(?!LOCAL|TRANSACTION)|SET\s+SESSION|WITH\s+HOLD"""
    r"""|set_config\([^()]*,\s*false\)|CREATE\s+TEMP"""
)


@pytest.fixture
async def single(clone: Clone) -> AsyncIterator[Database]:
    """A pool of one connection, so that the next one to take it gets the same."""
    opened = await Database.connect(await clone(SERVICE), SERVICE, 1)
    yield opened
    await opened.close()


async def state(database: Database) -> list[object]:
    """Everything that a session could have changed, and who serves it."""
    async with database.acquire() as conn:
        settings = await conn.fetch(SETTINGS)
        locks = await conn.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        own, pid = await conn.fetchval(OWN), await conn.fetchval("SELECT pg_backend_pid()")
        return [pid, locks, own, sorted(map(tuple, settings))]


async def act(database: Database, *, fails: bool = False, hangs: bool = False) -> None:
    """A transaction for an operator that changes all that ours ever change."""
    async with database.transaction(as_=NORTH) as conn:
        await conn.execute("SET LOCAL synchronous_commit = off")
        await conn.execute("SELECT pg_advisory_xact_lock(7)")
        if fails:
            await conn.execute("SELECT 1/0")
        if hangs:
            await conn.execute("SELECT pg_sleep(60)")


async def test_a_committed_transaction_leaves_nothing(single: Database) -> None:
    """Whom it acted for, its lock and its settings are gone with COMMIT, without being reset."""
    before = await state(single)
    await act(single)
    assert before == await state(single)


async def test_a_failed_transaction_leaves_nothing(single: Database) -> None:
    """After an error the next one on this connection acts for nobody either."""
    before = await state(single)
    with suppress(Exception):
        await act(single, fails=True)
    assert before == await state(single)


async def test_an_abandoned_transaction_leaves_nothing(single: Database) -> None:
    """A request that is cancelled in the middle of a statement leaves no operator behind."""
    before = await state(single)
    task = asyncio.create_task(act(single, hangs=True))
    await asyncio.sleep(0.3)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert before[1:] == (await state(single))[1:]


def test_no_statement_of_ours_outlives_its_transaction() -> None:
    """The sources contain no session lock, session setting, held cursor or temporary table."""
    sources = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    found = [
        f"{path.name}: {hit[0]}"
        for path in sources
        if "migrations" not in path.parts
        for hit in LASTING.finditer(path.read_text("utf-8"))
    ]
    assert [] == found
