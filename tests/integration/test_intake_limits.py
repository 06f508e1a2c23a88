"""How often is too often: shared counts, windows that end, and nobody counted for another."""

import asyncio
from datetime import timedelta

from services.intake.abuse import jobs, store
from services.intake.abuse.limits import Counted, Limit
from shared.db import Connection, Database
from shared.values import clock
from tests.conftest import Clone

SERVICE = "intake"
THREE = Limit("tries", 3, timedelta(minutes=10))
TWO = Limit("other", 2, timedelta(hours=1))


async def expire(conn: Connection) -> None:
    """All windows are over."""
    await conn.execute("UPDATE limits SET until = mashang_now()")


async def test_counts_up_to_the_limit_and_over_it(conn: Connection) -> None:
    """The third of three is the last that may be; the fourth is over."""
    counted = [await store.count(conn, THREE, "home") for _ in range(4)]
    assert [1, 2, 3, 4] == [one.number for one in counted]
    assert [False, False, True, True] == [one.used_up for one in counted]
    assert [False, False, False, True] == [one.over for one in counted]
    assert 1 == len({one.until for one in counted}), "more tries do not lengthen the window"


async def test_places_and_limits_are_apart(conn: Connection) -> None:
    """Nobody is counted for a neighbour, nor one limit for another."""
    for _ in range(3):
        await store.count(conn, THREE, "home")
    assert 1 == (await store.count(conn, THREE, "next door")).number
    assert 1 == (await store.count(conn, TWO, "home")).number


async def test_looking_counts_nothing(conn: Connection) -> None:
    """However often somebody looks, and where nothing ever happened there is no row."""
    assert Counted(THREE) == await store.look(conn, THREE, "home")
    first = await store.count(conn, THREE, "home")
    assert [first, first] == [await store.look(conn, THREE, "home") for _ in range(2)]
    assert 1 == await conn.fetchval("SELECT count(*) FROM limits")


async def test_a_window_that_is_over_begins_anew(conn: Connection) -> None:
    """What was counted before is forgotten, whether or not the job has removed it yet."""
    for _ in range(4):
        await store.count(conn, THREE, "home")
    await expire(conn)
    assert 0 == (await store.look(conn, THREE, "home")).number
    again = await store.count(conn, THREE, "home")
    assert 1 == again.number
    assert timedelta(minutes=9) < again.after(clock.now()) <= timedelta(minutes=10)


async def test_several_are_counted_at_once(conn: Connection) -> None:
    """In the order they were asked for; one that is named twice counts once; none is no error."""
    await store.count(conn, TWO, "home")
    counted = await store.count_all(conn, [(THREE, "home"), (TWO, "home"), (THREE, "home")])
    assert [(THREE, 1), (TWO, 2)] == [(one.limit, one.number) for one in counted]
    assert [] == await store.count_all(conn, [])


async def test_the_rest_of_a_window(conn: Connection) -> None:
    """It is said how long, at least a second, also where nothing was counted."""
    now = clock.now()
    assert timedelta(seconds=1) == Counted(THREE).after(now)
    assert timedelta(seconds=1) == Counted(THREE, 1, now - timedelta(hours=1)).after(now)
    assert timedelta(hours=1) == Counted(THREE, 1, now + timedelta(hours=1)).after(now)


async def test_instances_share_the_counts(clone: Clone) -> None:
    """Two instances that count at the same time lose none, in whatever order they name places."""
    url = await clone(SERVICE)
    one, two = await Database.connect(url, SERVICE), await Database.connect(url, SERVICE)
    places = [(THREE, f"street {n}") for n in range(5)]

    async def count(database: Database, order: int) -> None:
        async with database.transaction() as conn:
            await store.count_all(conn, places[::order])

    await asyncio.gather(*(count((one, two)[n % 2], (1, -1)[n % 2]) for n in range(20)))
    async with one.acquire() as conn:
        assert [20] * 5 == [(await store.look(conn, *place)).number for place in places]
    await one.close()
    await two.close()


async def test_what_is_over_is_removed(database: Database) -> None:
    """The job forgets windows that have ended, and no others."""
    async with database.acquire() as conn:
        await store.count(conn, THREE, "home")
        await expire(conn)
        await store.count(conn, THREE, "next door")
    await jobs.forget(database)
    async with database.acquire() as conn:
        assert ["next door"] == [row["key"] for row in await conn.fetch("SELECT key FROM limits")]
