"""Counts of rewards by state are the count of all rewards, whatever is moved and summed when."""

from typing import get_args

from services.rewards import watching
from services.rewards.rules.states import MOVES, State
from services.rewards.store import figures, orders
from shared.db import Connection, Database
from tests.integration.test_rewards_moves import stored, walked

SERVICE = "rewards"


async def same(conn: Connection) -> None:
    """What is shown is what the rewards say."""
    assert await figures.count_all(conn) == await figures.list_states(conn)


async def test_totals_are_the_count_of_all_rewards(conn: Connection) -> None:
    """After every move there is, before anything is summed, in the middle of it, and at the end."""
    await walked(conn, "paid")
    await same(conn)
    assert 1 == await figures.add_up(conn, 100)
    for number, (state, step) in enumerate(MOVES):
        await stored(conn, await walked(conn, state), step)
        await same(conn)
        if number % 3 == 0:
            await figures.add_up(conn, 5)
            await same(conn)
    while await figures.add_up(conn, 7):
        await same(conn)
    assert 0 == await conn.fetchval("SELECT count(*) FROM state_changes")
    assert {"paid", "reversed"} <= (await figures.list_states(conn)).keys()


async def test_what_is_underway_is_counted_once(database: Database) -> None:
    """A reward whose transaction ends after the totals began, or were summed, is in them then."""
    async with database.transaction() as late:
        await walked(late, "ready")
        assert 1 == await watching.sum_states(database)
        assert 0 == await watching.sum_states(database)
        async with database.acquire() as beside:
            assert {} == await figures.list_states(beside)
    for waiting in (True, False):
        async with database.acquire() as conn:
            await same(conn)
            assert ["ready"] == [*await figures.list_states(conn)]
        assert waiting == (await watching.sum_states(database) > 0)


async def test_the_oldest_is_among_what_is_open(conn: Connection) -> None:
    """Each state that is not an end counts as unpaid, and no other; `alerts` go by the same."""
    for state in get_args(State):
        await walked(conn, state)
    await conn.execute("UPDATE rewards SET due_at = mashang_now() - interval '1 day'")
    ages = await figures.get_ages(conn, watching.HALF_A_DAY)
    ended = {"refused", "paid", "reversed"}
    assert len({*get_args(State)} - ended) == ages.overdue


async def test_vendors_of_before_are_found_one_by_one(conn: Connection) -> None:
    """Those that have an order which may still be told of, but for those that are configured."""
    made: list[tuple[str, State]] = [
        ("a", "paid"), ("b", "accepted"), ("c", "rejected"), ("a", "unknown"),
    ]  # fmt: skip
    for vendor, state in made:
        reward = await walked(conn, state)
        await conn.execute("UPDATE orders SET vendor = $2 WHERE reward_id = $1", reward.id, vendor)
    assert ["a", "b"] == await orders.list_withdrawn(conn, [])
    assert ["b"] == await orders.list_withdrawn(conn, ["a", "c"])
    assert [] == await orders.list_withdrawn(conn, ["a", "b"])
