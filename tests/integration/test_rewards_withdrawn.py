"""A vendor that is taken out of the settings: its orders are asked about nowhere else, shown as
such, and settled by its closed statements or by its return. None stands still unseen."""

from datetime import timedelta

import pytest

from services.rewards import approvals
from services.rewards.earlier import Earlier
from services.rewards.rules.payouts import Reward
from services.rewards.store import earlier, mismatches, orders, rewards
from services.rewards.watching import Watch
from shared.db import Database
from shared.errors import Conflict
from tests.integration.rewards_desk import opened
from tests.integration.test_rewards_decisions import verified
from tests.integration.test_rewards_money import (
    ACCEPTED,
    ANN,
    BEN,
    DENIED,
    DONE,
    LOST,
    PACE,
    REFUSED,
    Vendor,
    World,
)
from tests.integration.test_rewards_pages import tab
from tests.vendors import confirmed

SERVICE = "rewards"
OLD, NEW = "one", "two"


@pytest.fixture
async def world(database: Database) -> World:
    """Nothing is earned yet."""
    return World(database, (Vendor(OLD),), verified())


def withdraw(world: World) -> Vendor:
    """Another vendor takes its place; the old one."""
    old = world.vendor
    world.vendors = (Vendor(NEW),)
    return old


async def long_ago(world: World) -> None:
    """The order was sent ten days ago."""
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET sent_at = sent_at - interval '10 days'")
        await conn.execute("UPDATE orders SET opened_at = opened_at - interval '10 days'")


async def state_by_statement(world: World, *outcomes: str, vendor: str = OLD) -> None:
    """All days of the vendor are closed; the live order is on it as told, or is not."""
    async with world.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO statements (vendor, day, opened_at, closed_at)
               VALUES ($1, '2000-01-01', '2000-01-01', now()) ON CONFLICT DO NOTHING""",
            vendor,
        )
        for outcome in outcomes:
            await conn.execute(
                """INSERT INTO statement_orders
                       (vendor, day, order_id, outcome, vendor_ref, product, amount_fen)
                   VALUES ($1, '2000-01-01', $2, $3, '7', 'p-20', 2000)""",
                vendor,
                (await world.now()).order_id,
                outcome,
            )


async def sign_twice(world: World) -> Reward:
    """Both signatures."""
    async with world.database.transaction() as conn:
        reward = await rewards.claim_by_case(conn, world.event.case_id)
        assert reward is not None
        for who in (ANN, BEN):
            reward = await approvals.write_off(conn, reward, who, "not on the statement", PACE)
    return reward


async def accepted(world: World) -> Reward:
    """The vendor has taken the order."""
    world.vendor.to_send = ACCEPTED
    await world.earn()
    await world.payouts.submit()
    return await world.now()


async def lost(world: World) -> Reward:
    """Nobody knows."""
    return await world.lose()


MADE = [lost, accepted]


@pytest.mark.parametrize("make", MADE)
async def test_without_a_statement_it_waits_and_asks_nobody(world: World, make: object) -> None:
    """Neither vendor is asked; the state stays, and nobody signs."""
    before = await make(world)  # type: ignore[operator]
    old = withdraw(world)
    for _ in range(3):
        assert before.state == (await world.round()).state
    assert ([], []) == (old.asked, world.vendor.asked)
    await long_ago(world)
    with pytest.raises(Conflict) as caught:
        await sign_twice(world)
    assert "refused.write_off_answer" == caught.value.key


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize(
    ("listed", "state"), [(("paid",), "paid"), (("paid", "reversed"), "reversed")]
)
async def test_its_closed_statement_settles_an_order(
    world: World, make: object, listed: tuple[str, ...], state: str
) -> None:
    """What the vendor says it did is done: told like any payment, and asked of nobody."""
    await make(world)  # type: ignore[operator]
    old = withdraw(world)
    await state_by_statement(world, *listed)
    reward = await world.round()
    assert (state, [], []) == (reward.state, old.asked, world.vendor.asked)
    (order,) = await world.listed()
    assert (state, f"statement_{state}") == (order["outcome"], order["code"])
    assert "paid" == (await world.decisions())[-1]


@pytest.mark.parametrize("make", MADE)
async def test_what_its_statements_lack_is_written_off_by_two(world: World, make: object) -> None:
    """Every day is closed and has no such order: that is the answer, and the next order leaves."""
    await make(world)  # type: ignore[operator]
    await long_ago(world)
    old = withdraw(world)
    await state_by_statement(world)
    await world.round()
    (order,) = await world.listed()
    assert "notfound" == order["last_answer"]
    assert "rejected" == (await sign_twice(world)).state
    reward = await world.round()
    assert ("accepted", 2) == (reward.state, reward.attempt)
    assert ([], [NEW]) == (old.asked, [order.vendor for order in world.vendor.sent])


async def test_the_statement_of_another_vendor_answers_nothing(world: World) -> None:
    """Absent there, and paid there under the same id: neither says anything about this order."""
    await world.lose()
    await long_ago(world)
    withdraw(world)
    await state_by_statement(world, "paid", vendor=NEW)
    for _ in range(2):
        assert "unknown" == (await world.round()).state
    with pytest.raises(Conflict):
        await sign_twice(world)


async def test_an_open_day_proves_nothing(world: World) -> None:
    """The vendor could still carry it out: no answer, no signature."""
    await world.lose()
    withdraw(world)
    await state_by_statement(world)
    await world.round()
    (order,) = await world.listed()
    assert order["last_answer"] != "notfound"


async def test_a_vendor_that_returns_is_asked_again(world: World) -> None:
    """Also when a statement has answered meanwhile: its own word counts."""
    await world.lose()
    await long_ago(world)
    old = withdraw(world)
    await state_by_statement(world)
    await world.round()
    world.vendors = (*world.vendors, old)
    assert "paid" == (await world.round()).state
    assert 1 == len(old.asked)


async def test_an_instance_that_knows_the_vendor_is_not_disturbed(world: World) -> None:
    """A rolling change: the instance without it leaves the questions to the one that has it."""
    await world.lose()
    old = withdraw(world)
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET act_at = now()")
    assert 0 == await world.payouts.query()
    world.vendors = (*world.vendors, old)
    assert 1 == await world.payouts.query()


async def test_an_earlier_order_there_is_found_on_the_statement(world: World) -> None:
    """Closed as failed, and its vendor's statement has it paid: the next order never leaves."""
    world.vendor.to_send = REFUSED
    await world.earn()
    await world.payouts.submit()
    await world.payouts.retry()
    withdraw(world)
    await state_by_statement(world, "paid")
    first = await world.now()
    async with world.database.transaction() as conn:
        assert await earlier.mark_due(conn, OLD, first.order_id)
    await Earlier(world.database, world.vendors, PACE).query()
    assert ("paid", []) == ((await world.now()).state, world.vendor.sent)


async def test_two_orders_at_two_vendors_are_a_mismatch(world: World) -> None:
    """The next one has left when the old vendor's statement comes: both are named."""
    first = await world.lose()
    await world.write_off()
    withdraw(world)
    await state_by_statement(world, "paid")
    world.vendor.to_ask = lambda _: ACCEPTED
    second = await world.order_again()
    async with world.database.transaction() as conn:
        await earlier.mark_due(conn, OLD, first.order_id)
    await Earlier(world.database, world.vendors, PACE).query()
    async with world.database.acquire() as conn:
        (found,) = await mismatches.list_of(conn, first.id)
    assert ("two_orders", OLD, first.order_id, second.order_id) == (
        found["kind"], found["vendor"], found["order_id"], found["other_order_id"],
    )  # fmt: skip


async def test_the_look_after_a_payment_ends_with_its_statement_or_a_week(world: World) -> None:
    """Listed: looked at. Not listed, nobody to ask: after a week a person is told."""
    await world.earn()
    world.vendor.to_send = DONE
    await world.payouts.submit()
    withdraw(world)
    for days, waits, kinds in ((2, True, []), (7, False, ["unconfirmed"])):
        async with world.database.acquire() as conn:
            await conn.execute("UPDATE rewards SET paid_at = paid_at - $1::interval",
                               timedelta(days=days))  # fmt: skip
        reward = await world.round()
        async with world.database.acquire() as conn:
            found = [row["kind"] for row in await mismatches.list_of(conn, reward.id)]
        assert ("paid", waits, kinds) == (reward.state, reward.act_at is not None, found)


async def test_a_vendor_that_is_there_answers_for_itself(world: World) -> None:
    """A statement never overrides the word of a vendor that can be asked."""
    await world.lose()
    world.vendor.refuses_repeats = False  # type: ignore[misc]
    await state_by_statement(world)
    world.vendor.to_ask = lambda _: LOST
    await world.round()
    (order,) = await world.listed()
    assert ("unknown", 1) == (order["last_answer"], len(world.vendor.asked))


async def test_an_accepted_order_that_is_denied_to_the_end_is_written_off(world: World) -> None:
    """The vendor took it and has no such order a week later: two people may end that, too."""
    await accepted(world)
    await long_ago(world)
    await state_by_statement(world)
    world.vendor.to_ask = lambda _: DENIED
    assert "accepted" == (await world.round()).state
    assert "rejected" == (await sign_twice(world)).state


async def test_it_is_shown_counted_and_told(world: World) -> None:
    """In list and page with what to do, in the gauge's words for readiness."""
    reward = await world.lose()
    async with opened(world.database) as desk:
        page = tab(desk)
        for path in ("/rewards", f"/rewards/{reward.id}"):
            assert (200, True) == (await page.get(path), "服务商未配置" in page.text)
        assert "one" in page.text
        assert (await desk.get(f"/api/v1/rewards/{reward.id}"))[1]["vendor_away"] == OLD
    watch = Watch(world.database, [NEW], [confirmed(world.vendor)])
    await watch.observe()
    assert {"money": "1 orders without their vendor, 1 rewards overdue"} == watch.state()


async def test_nothing_is_withdrawn_while_all_are_configured(world: World) -> None:
    """No errand is made for a vendor that is there."""
    await world.lose()
    async with world.database.acquire() as conn:
        assert [] == await orders.list_withdrawn(conn, [OLD])
        assert [OLD] == await orders.list_withdrawn(conn, [NEW])
