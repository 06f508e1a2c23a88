"""What is excused, and for how long: a server's trouble for ever, an event's own in the end not."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from deploy.local.postgres import Postgres
from shared import faults
from shared.bus import excuses, inbox, pending
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.events import CaseVerified
from tests.conftest import Clone
from tests.integration.test_inbox import delivery, verified

SERVICE = "scoring"
ROLE = f"mashang_{SERVICE}"
# A trigger of ours that says what only a full disk should say, for one case alone.
POISON = """
    CREATE TABLE effects (case_id text);
    GRANT ALL ON effects TO {role};
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON effects FOR EACH ROW WHEN (NEW.case_id = 'bad')
        EXECUTE FUNCTION full_disk()
"""
BAD = uuid4()


@pytest.fixture
async def admin(clone: Clone, postgres: Postgres) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """An administrator in the service's database, and the service's own way in."""
    url = await clone(SERVICE)
    connection = await asyncpg.connect(postgres.url(url.rpartition("/")[2]))
    yield connection, url
    await connection.close()


async def handle(conn: Connection, event: CaseVerified) -> None:
    """Write the case down."""
    name = "bad" if event.case_id == BAD else str(event.case_id)
    await conn.execute("INSERT INTO effects VALUES ($1)", name)


async def due(connection: asyncpg.Connection) -> None:
    """Whatever waits is due."""
    await connection.execute("UPDATE inbox_pending SET next_at = now()")


async def rounds(box: Inbox, connection: asyncpg.Connection, count: int) -> None:
    """Retries, without the waiting between them."""
    for _ in range(count):
        await due(connection)
        await box.retry()


@pytest.mark.parametrize("code", ["53100", "53400", "58030", "57P03"])
async def test_one_event_that_says_full_disk_holds_up_no_other(
    admin: tuple[asyncpg.Connection, str], code: str
) -> None:
    """Its neighbours are handled within a few rounds; it waits, then counts, then is parked."""
    connection, url = admin
    await connection.execute(POISON.format(role=ROLE, code=code))
    database = await Database.connect(url, SERVICE)
    box = Inbox(database, SERVICE, {CaseVerified: handle})
    good = [verified() for _ in range(20)]
    bad = verified().model_copy(update={"case_id": BAD})
    await box.take([delivery(one) for one in [*good[:10], bad, *good[10:]]])
    assert 0 == await connection.fetchval("SELECT count(*) FROM effects")
    await rounds(box, connection, inbox.PUT_OFF + 1)
    assert 20 == await connection.fetchval("SELECT count(*) FROM effects")
    left = await connection.fetchrow("SELECT state, attempts FROM inbox_pending")
    assert left
    assert ("pending", 0) == (left["state"], left["attempts"])
    await box.take([delivery(verified())])
    await rounds(box, connection, excuses.EXCUSES)
    await box.take([delivery(verified())])
    await rounds(box, connection, 2 * inbox.MAX_ATTEMPTS)
    left = await connection.fetchrow("SELECT state, attempts, error FROM inbox_pending")
    assert left
    assert ("parked", inbox.MAX_ATTEMPTS) == (left["state"], left["attempts"])
    assert "no room" in left["error"]
    await database.close()


async def test_a_disk_that_is_full_for_all_uses_up_no_attempt(
    admin: tuple[asyncpg.Connection, str],
) -> None:
    """However long it lasts: nothing else is handled meanwhile, so the server is to blame."""
    connection, url = admin
    await connection.execute(
        POISON.format(role=ROLE, code="53100").partition(" WHEN")[0]
        + " EXECUTE FUNCTION full_disk()"
    )
    database = await Database.connect(url, SERVICE)
    box = Inbox(database, SERVICE, {CaseVerified: handle})
    await box.take([delivery(verified()) for _ in range(3)])
    await rounds(box, connection, 2 * excuses.EXCUSES)
    rows = await connection.fetch("SELECT state, attempts FROM inbox_pending")
    assert [("pending", 0)] * 3 == [(row["state"], row["attempts"]) for row in rows]
    await connection.execute("DROP FUNCTION full_disk CASCADE")
    await rounds(box, connection, 1)
    assert 3 == await connection.fetchval("SELECT count(*) FROM effects")
    await database.close()


async def test_a_lock_that_others_hold_uses_up_no_attempt(
    admin: tuple[asyncpg.Connection, str],
) -> None:
    """Not even while other events are handled again and again."""
    connection, url = admin
    await connection.execute(POISON.format(role=ROLE, code="55P03"))
    database = await Database.connect(url, SERVICE)
    box = Inbox(database, SERVICE, {CaseVerified: handle})
    await box.take([delivery(verified().model_copy(update={"case_id": BAD}))])
    for _ in range(2 * excuses.EXCUSES):
        await box.take([delivery(verified())])
        await rounds(box, connection, 1)
    row = await connection.fetchrow("SELECT state, attempts FROM inbox_pending")
    assert row
    assert ("pending", 0) == (row["state"], row["attempts"])
    await pending.observe(database)
    assert (REGISTRY.get_sample_value("mashang_inbox_pending_age_seconds") or 0) > 0
    await database.close()


async def test_a_migration_under_a_connection_passes(
    admin: tuple[asyncpg.Connection, str],
) -> None:
    """What was prepared before it fails once, inside a transaction, and is told as passing."""
    connection, url = admin
    await connection.execute(f"CREATE TABLE effects (a int); GRANT ALL ON effects TO {ROLE}")
    database = await Database.connect(url, SERVICE, 2)

    async def read() -> None:
        async with database.transaction() as conn:
            await conn.fetch("SELECT * FROM effects")

    await read()
    await connection.execute("ALTER TABLE effects ADD COLUMN b int")
    with pytest.raises(asyncpg.InvalidCachedStatementError) as caught:
        await read()
    assert faults.is_excused(caught.value)
    await asyncio.wait_for(read(), 5)
    await database.close()
