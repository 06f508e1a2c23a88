"""Several vendors: a new order goes on only from a certain failure, never from what is unknown."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from services.rewards.jobs import Payouts
from services.rewards.providers.protocol import UNASKABLE
from services.rewards.rules.orders import Order
from services.rewards.store import orders, rewards
from services.rewards.watching import Watch
from shared.db import Database
from shared.vendors.outcomes import Held, Outcome, Rejected
from tests.integration.test_rewards_decisions import verified
from tests.integration.test_rewards_money import (
    ACCEPTED,
    DENIED,
    DONE,
    LOST,
    PACE,
    REBINDING,
    REFUSED,
    SEAL,
    Vendor,
    World,
)
from tests.vendors import confirmed

SERVICE = "rewards"
HELD = Held("wallet")


class Both(World):
    """A reward before two vendors that take new orders; "one" is preferred."""

    @property
    def payouts(self) -> Payouts:
        """The jobs; each vendor sells."""
        sold = [confirmed(vendor) for vendor in self.vendors]
        return Payouts(self.database, self.vendors, SEAL, PACE, sold, REBINDING)

    @property
    def sent(self) -> list[str]:
        """Where orders went, by vendor."""
        return [vendor.name for vendor in self.vendors for _ in vendor.sent]

    async def earn(self, phone: str = "+8613800000088") -> None:
        """The reward is ready. Phones that are alike would be held for a person to look."""
        sealed = SEAL.close(phone, f"phone:{self.event.submission_id}")
        self.event = self.event.model_copy(update={"phone_sealed": sealed})
        await self.verdict(1, "substantiated")

    async def open_again(self) -> None:
        """The pauses are over."""
        async with self.database.acquire() as conn:
            await conn.execute("UPDATE vendor_pauses SET until_at = now()")


@pytest.fixture
async def world(database: Database) -> Both:
    """One reward that is ready."""
    two = Vendor("two")
    two.products = {"t-20": 2000}
    made = Both(database, (Vendor("one"), two), verified())
    await made.earn()
    return made


async def test_the_first_vendor_takes_new_orders(world: Both) -> None:
    """The second one is not troubled while all is well."""
    await world.round()
    reward = await world.round()
    assert ("paid", ["one"]) == (reward.state, world.sent)


async def test_a_certain_refusal_goes_on_to_the_next(world: Both) -> None:
    """A new order under a new id, at the other vendor, of the other's product; both are kept."""
    one, two = world.vendors
    one.to_send = REFUSED
    await world.round()
    reward = await world.round()
    assert (["one", "two"], 2) == (world.sent, reward.attempt)
    kept = [
        (o["vendor"], o["product"], o["amount_fen"], o["outcome"]) for o in await world.listed()
    ]
    assert [("one", "p-20", 2000, "rejected"), ("two", "t-20", 2000, None)] == kept
    assert one.sent[0].order_id != two.sent[0].order_id
    assert "paid" == (await world.round()).state
    assert [reward.order_id] == [order.order_id for order in two.asked]


async def test_a_wrong_number_is_wrong_everywhere(world: Both) -> None:
    """A refusal for good ends at a person; no other vendor is tried."""
    world.vendor.to_send = Rejected("number", False)
    for _ in range(3):
        reward = await world.round()
    assert ("manual", ["one"]) == (reward.state, world.sent)


async def test_all_vendors_together_have_so_many_tries(world: Both) -> None:
    """Each in turn, and then a person."""
    for vendor in world.vendors:
        vendor.to_send = REFUSED
    for _ in range(6):
        reward = await world.round()
    assert ("manual", 3) == (reward.state, reward.failures)
    assert ["one", "one", "two"] == world.sent


@pytest.mark.parametrize("answer", [LOST, ACCEPTED])
async def test_nothing_goes_on_from_what_may_be_paid(world: Both, answer: Outcome) -> None:
    """Lost or taken: it is asked about where it was sent, and the other vendor hears nothing."""
    one, two = world.vendors
    one.to_send, one.to_ask = answer, lambda _: LOST
    for _ in range(4):
        await world.round()
    assert (["one"], []) == (world.sent, two.asked)
    assert 3 == len(one.asked)


async def test_what_one_vendor_does_not_know_is_not_sent_to_another(world: Both) -> None:
    """Absent is not failed; at a vendor that may carry it out twice it is not even repeated."""
    one = world.vendor
    one.refuses_repeats = False  # type: ignore[misc]
    one.to_send, one.to_ask = LOST, lambda _: DENIED
    for _ in range(4):
        reward = await world.round()
    assert ("unknown", ["one"]) == (reward.state, world.sent)


async def test_an_empty_wallet_sends_orders_to_the_next_vendor(world: Both) -> None:
    """The held one is certain to have done nothing; it gets one again when its pause is over."""
    one, two = world.vendors
    one.to_send = HELD
    await world.round()
    reward = await world.round()
    assert (["one", "two"], "accepted", 0) == (world.sent, reward.state, reward.failures)
    other = Both(world.database, world.vendors, verified())
    await other.earn()
    await other.payouts.submit()
    assert (1, 2) == (len(one.sent), len(two.sent))
    await world.open_again()
    one.to_send = ACCEPTED
    third = Both(world.database, world.vendors, verified())
    await third.earn("+8615912345688")
    await third.payouts.submit()
    assert (2, 2) == (len(one.sent), len(two.sent))


async def test_when_all_are_held_a_reward_waits(world: Both) -> None:
    """Nothing is lost and nobody is blamed; the first that opens has it."""
    for vendor in world.vendors:
        vendor.to_send = HELD
    for _ in range(4):
        reward = await world.round()
    assert ("ready", ["one", "two"], 0) == (reward.state, world.sent, reward.failures)
    await world.open_again()
    world.vendors[0].to_send = ACCEPTED
    assert "accepted" == (await world.round()).state


async def test_who_takes_orders_is_shown(world: Both) -> None:
    """By metric and readiness, with the vendor's own word."""
    world.vendor.to_send = HELD
    await world.payouts.submit()
    catalogues = [confirmed(vendor) for vendor in world.vendors]
    watch = Watch(world.database, ["one", "two"], catalogues)
    await watch.observe()
    assert "one takes no orders (wallet)" in watch.state()["money"]
    told = [
        REGISTRY.get_sample_value("mashang_airtime_vendor_open", {"vendor": name})
        for name in ("one", "two")
    ]
    assert [0, 1] == told
    await world.open_again()
    await watch.observe()
    assert "takes no orders" not in watch.state()["money"]


async def test_a_retired_vendor_is_asked_and_gets_nothing_new(world: Both) -> None:
    """It is no longer among those that sell."""
    old, new = world.vendors
    old.to_send = LOST
    await world.payouts.submit()
    retired = Payouts(world.database, [new, old], SEAL, PACE, [confirmed(new)], REBINDING)
    other = Both(world.database, (new, old), verified())
    await other.earn()
    assert 1 == await retired.submit()
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET act_at = now()")
    assert 2 == await retired.query()
    assert ("paid", 1, 1) == ((await world.now()).state, len(old.asked), len(new.asked))


async def test_an_order_is_asked_about_with_what_the_vendor_said(world: Both) -> None:
    """Its own id, once told; and whether it was called paid before."""
    asked = list[Order]()

    def answer(order: Order) -> Outcome:
        asked.append(order)
        return DONE

    world.vendor.to_ask = answer
    for _ in range(3):
        await world.round()
    assert [("1", False), ("1", True)] == [(order.ref, order.paid) for order in asked[:2]]


async def test_the_statement_answers_for_a_vendor_that_cannot_be_asked(world: Both) -> None:
    """Listed is paid; without a statement it waits, and is never sent again."""
    world.vendor.to_send, world.vendor.to_ask = LOST, lambda _: UNASKABLE
    for _ in range(3):
        reward = await world.round()
    assert ("unknown", ["one"]) == (reward.state, world.sent)
    async with world.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO statements (vendor, day, opened_at, closed_at) VALUES
               ('one', current_date, now() - interval '1 day', now())"""
        )
        await conn.execute(
            """INSERT INTO statement_orders VALUES ('one', $1, current_date, 'paid', 'r', 'p-20',
               2000)""",
            reward.order_id,
        )
    assert "paid" == (await world.round()).state


async def test_a_vendor_that_goes_by_its_own_ids_is_heard(world: Both) -> None:
    """Its report names no order of ours, and finds it all the same; another vendor's does not."""
    await world.payouts.submit()
    reward = await world.now()
    async with world.database.acquire() as conn:
        assert [reward.order_id] == await orders.list_by_ref(conn, "one", ["1", "none"])
        assert [] == await orders.list_by_ref(conn, "two", ["1"])
        assert "accepted" == await rewards.mark_due(conn, "one", reward.order_id)
    assert replace(reward, act_at=None) == replace(await world.now(), act_at=None)


async def test_a_report_by_the_vendors_id_reads_no_other_order(database: Database) -> None:
    """A year of orders is not looked through for each report."""
    async with database.transaction() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(f"EXPLAIN {orders.BY_REF}", "one", ["1", "2"])
    assert "orders_by_ref" in str(plan)
