"""What a savepoint published leaves only if the savepoint stays."""

from contextlib import suppress
from uuid import UUID

import pytest

from shared.bus import outbox
from shared.db import Connection, Database
from tests.integration.test_outbox import RECEIVED

SERVICE = "intake"


class Changed(Exception):
    """The handler changes its mind."""


async def stored(database: Database) -> list[UUID]:
    """The events that will leave, in order."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT event_id FROM outbox ORDER BY seq")
    return [row["event_id"] for row in rows]


async def in_savepoint(conn: Connection, *, fails: bool) -> UUID:
    """Publish one event in a savepoint."""
    with suppress(Changed):
        async with conn.transaction():
            event_id = await outbox.publish(conn, RECEIVED)
            if fails:
                raise Changed
    return event_id


@pytest.mark.parametrize("fails", [True, False])
async def test_a_savepoint_decides_about_its_own_events(database: Database, fails: bool) -> None:
    """Rolled back, its event is gone; released, it leaves in its place between the others."""
    async with database.transaction() as conn, outbox.collecting(conn):
        before = await outbox.publish(conn, RECEIVED)
        inside = await in_savepoint(conn, fails=fails)
        after = await outbox.publish(conn, RECEIVED)
    assert [before, *([] if fails else [inside]), after] == await stored(database)


async def test_savepoints_stand_in_each_other(database: Database) -> None:
    """The outer one takes along what an inner one released; an inner one takes only its own."""
    async with database.transaction() as conn, outbox.collecting(conn):
        first = await outbox.publish(conn, RECEIVED)
        with suppress(Changed):
            async with conn.transaction():
                await in_savepoint(conn, fails=False)
                raise Changed
        async with conn.transaction():
            second = await outbox.publish(conn, RECEIVED)
            await in_savepoint(conn, fails=True)
            third = await in_savepoint(conn, fails=False)
    assert [first, second, third] == await stored(database)


async def test_a_savepoint_rolled_back_by_hand_forgets_too(database: Database) -> None:
    """Without `async with` it is the same."""
    async with database.transaction() as conn, outbox.collecting(conn):
        savepoint = conn.transaction()
        await savepoint.start()
        await outbox.publish(conn, RECEIVED)
        await savepoint.rollback()
        kept = await outbox.publish(conn, RECEIVED)
    assert [kept] == await stored(database)


async def test_the_outer_rollback_takes_everything(database: Database) -> None:
    """Nothing of a failed batch is stored, nor left on the connection for the next one."""
    with suppress(Changed):
        async with database.transaction() as conn, outbox.collecting(conn):
            await in_savepoint(conn, fails=False)
            raise Changed
    async with database.transaction() as conn, outbox.collecting(conn):
        kept = await outbox.publish(conn, RECEIVED)
    assert [kept] == await stored(database)


@pytest.mark.parametrize("fails", [True, False])
async def test_without_collecting_the_database_forgets(database: Database, fails: bool) -> None:
    """An event published alone is a row at once, and goes with its savepoint."""
    async with database.transaction() as conn:
        inside = await in_savepoint(conn, fails=fails)
        after = await outbox.publish(conn, RECEIVED)
    assert [*([] if fails else [inside]), after] == await stored(database)


async def test_another_connection_is_not_collected(database: Database) -> None:
    """What is published on a connection of its own inside a batch is stored with that one."""
    with suppress(Changed):
        async with database.transaction() as conn, outbox.collecting(conn):
            await outbox.publish(conn, RECEIVED)
            async with database.transaction() as other:
                own = await outbox.publish(other, RECEIVED)
            raise Changed
    assert [own] == await stored(database)
