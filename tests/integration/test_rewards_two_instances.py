"""Two instances of rewards on one database, each with pools of its own, at the same moment."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.rewards.jobs import Payouts
from services.rewards.providers.protocol import Airtime
from services.rewards.rebinding import Rebinding
from services.rewards.rules.orders import Order
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import history, orders, rewards
from shared.db import Database
from shared.values.seal import Seal
from shared.vendors.outcomes import Accepted, Done, Held, NotFound, Outcome, Rejected, Unknown
from tests.conftest import Clone, eventually
from tests.integration.test_rewards_decisions import POLICIES, hear, verified
from tests.vendors import confirmed, lease

SERVICE = "rewards"
SEAL = Seal({"phone": {"1": bytes(32)}})
REBINDING = Rebinding(POLICIES, SEAL)
PACE = Pace(resend_after=timedelta(), held_pause=timedelta(hours=1))
ACCEPTED, DONE = Accepted("1", "c"), Done("1", "c")
_NAME = "SELECT current_database()"


class Counting(Airtime):
    """A vendor that answers what the test wants, and may be made to wait; it counts."""

    name = "counting"
    refuses_repeats = True

    def __init__(self) -> None:
        self.products = {"p-20": 2000}
        self.sent: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.to_send: Callable[[Order], Outcome] = lambda _: ACCEPTED
        self.to_ask: Outcome = DONE
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, order: Order, phone: str) -> Outcome:
        """Count, wait if told to, answer."""
        self.sent[order.order_id] += 1
        await self.gate.wait()
        return self.to_send(order)

    async def ask(self, order: Order) -> Outcome:
        """Count and answer."""
        self.asked[order.order_id] += 1
        return self.to_ask

    def read_report(self, body: bytes) -> list[str]:
        """It never reports."""
        raise NotImplementedError


@dataclass
class Twins:
    """Two instances and what they share."""

    one: Payouts
    two: Payouts
    vendor: Counting
    made: list[Reward] = field(default_factory=list)

    async def earn(self, number: int) -> None:
        """So many rewards that are ready."""
        for n in range(number):
            event = verified()
            sealed = SEAL.close(f"+86138{n:04}0088", f"phone:{event.submission_id}")
            async with self.one.database.transaction() as conn:
                reward = await hear(conn, event.model_copy(update={"phone_sealed": sealed}))
            assert reward is not None
            self.made.append(reward)

    async def both(self, job: str) -> list[int]:
        """The same job on both at once; how many rows each worked on."""
        return list(await asyncio.gather(*(getattr(p, job)() for p in (self.one, self.two))))

    async def now(self) -> list[Reward]:
        """All rewards as they are stored."""
        async with self.one.database.acquire() as conn:
            found = [await rewards.get(conn, reward.id) for reward in self.made]
        return [reward for reward in found if reward]

    async def states(self) -> Counter[str]:
        """How many are in each state."""
        return Counter(reward.state for reward in await self.now())

    async def steps(self) -> Counter[str]:
        """How often each step was written, over all rewards."""
        async with self.one.database.acquire() as conn:
            rows = [step for r in self.made for step in await history.list_of(conn, r)]
        return Counter(row["step"] for row in rows)

    async def hurry(self) -> None:
        """Whatever waits is due."""
        async with self.one.database.acquire() as conn:
            await conn.execute("UPDATE rewards SET act_at = now() WHERE act_at IS NOT NULL")

    async def expire_questions(self) -> None:
        """Whoever asks has not come back in time."""
        await self.hurry()
        async with self.one.database.acquire() as conn:
            await conn.execute("UPDATE orders SET asking_until = now()")

    async def sending(self, number: int) -> None:
        """Until so many orders are with the vendor."""

        async def sent() -> int:
            return self.vendor.sent.total()

        await eventually(sent, number)


@pytest.fixture
async def twins(clone: Clone) -> AsyncIterator[Twins]:
    """Both connected to the same database."""
    url, vendor = await clone(SERVICE), Counting()
    async with AsyncExitStack() as stack:

        async def instance() -> Payouts:
            database = await Database.connect(url, SERVICE, 6)
            stack.push_async_callback(database.close)
            return Payouts(database, (vendor,), SEAL, PACE, [confirmed(vendor)], REBINDING)

        yield Twins(await instance(), await instance(), vendor)


async def test_each_order_leaves_from_one_of_them(twins: Twins) -> None:
    """Twenty rewards, both sending until nothing is left: each order once, none of them twice."""
    await twins.earn(20)
    while sum(await twins.both("submit")):
        pass
    assert {1} == set(twins.vendor.sent.values())
    assert (20, Counter(accepted=20)) == (len(twins.vendor.sent), await twins.states())


async def test_both_send_at_the_same_time(twins: Twins) -> None:
    """Neither waits for the other's calls: each holds ten orders while the vendor is slow."""
    await twins.earn(20)
    twins.vendor.gate.clear()
    work = asyncio.create_task(twins.both("submit"))
    await twins.sending(20)
    assert Counter(submitting=20) == await twins.states()
    twins.vendor.gate.set()
    assert [10, 10] == await work


async def test_a_question_is_asked_by_one_and_told_once(twins: Twins) -> None:
    """Eight accepted orders, both asking: one question each, one payment each in the outbox."""
    await twins.earn(8)
    await twins.one.submit()
    await twins.hurry()
    assert 8 == sum(await twins.both("query"))
    assert {1} == set(twins.vendor.asked.values())
    assert Counter(paid=8) == await twins.states()
    async with twins.two.database.acquire() as conn:
        told = "SELECT count(*) FROM outbox WHERE type = 'reward.paid.v1'"
        assert 8 == await conn.fetchval(told)


async def test_an_expired_lease_is_recovered_once(twins: Twins) -> None:
    """Both find six that nobody came back for: six steps in the history, not twelve."""
    await twins.earn(6)
    await lease(twins.one)
    await twins.hurry()
    assert 6 == sum(await twins.both("recover"))
    assert 6 == (await twins.steps())["lost"]
    assert 0 == twins.vendor.sent.total()


async def test_a_refused_order_is_tried_again_once(twins: Twins) -> None:
    """Both find five refusals: five new orders, each after its refusal, each sent once."""
    await twins.earn(5)
    twins.vendor.to_send = lambda _: Rejected("c", True)
    await twins.one.submit()
    await twins.hurry()
    assert 5 == sum(await twins.both("retry"))
    twins.vendor.to_send = lambda _: ACCEPTED
    await twins.both("submit")
    assert {2} == {reward.attempt for reward in await twins.now()}
    assert (10, {1}) == (len(twins.vendor.sent), set(twins.vendor.sent.values()))


async def test_the_one_that_slept_over_its_lease_changes_nothing(twins: Twins) -> None:
    """The other recovered, asked and heard "paid" meanwhile: the late answer is dropped."""
    await twins.earn(1)
    twins.vendor.gate.clear()
    late = asyncio.create_task(twins.one.submit())
    await twins.sending(1)
    await twins.hurry()
    await twins.two.recover()
    await twins.two.query()
    twins.vendor.to_send = lambda _: Rejected("too_late", True)
    twins.vendor.gate.set()
    await late
    (reward,) = await twins.now()
    assert ("paid", 1) == (reward.state, reward.attempt)
    async with twins.one.database.acquire() as conn:
        (order,) = await orders.list_of(conn, reward)
    assert "paid" == order["outcome"]


@pytest.mark.parametrize("taken", [True, False])
async def test_a_frozen_instance_sends_nothing(twins: Twins, taken: bool) -> None:
    """It froze between its lease and the first byte: nothing leaves, be it taken over or not yet.

    What it then settles changes nothing of what the other made of it.
    """
    await twins.earn(1)
    (frozen,) = await lease(twins.one)
    await twins.hurry()
    if taken:
        await twins.two.recover()
        twins.vendor.to_ask = NotFound()
        await twins.two.query()
        assert Counter({frozen.order.order_id: 1}) == twins.vendor.sent
    before = twins.vendor.sent.total()
    (was,) = await twins.now()
    await twins.one.sending(twins.vendor).carry(frozen, float("inf"))
    (reward,) = await twins.now()
    assert (before, 1) == (twins.vendor.sent.total(), reward.attempt)
    assert (was if taken else "unknown") == (reward if taken else reward.state)


async def test_a_frozen_question_changes_nothing(twins: Twins) -> None:
    """Asked, frozen, and taken over: its old "failed" frees no new order when it wakes."""
    await twins.earn(1)
    await twins.one.submit()
    await twins.hurry()
    asking = twins.one.asking(twins.vendor)
    async with twins.one.database.transaction() as conn:
        (frozen,) = await asking.claim(conn, 1)
    await twins.expire_questions()
    twins.vendor.to_ask = Unknown("slow")
    assert 1 == await twins.two.query()
    async with twins.one.database.transaction() as conn:
        await asking.settle(conn, frozen, Rejected("old", True))
    assert Counter(accepted=1) == await twins.states()


async def test_a_report_does_not_take_a_question_away(twins: Twins) -> None:
    """It comes while one asks: the other waits, the answer counts, and the next question is due."""
    await twins.earn(1)
    await twins.one.submit()
    await twins.hurry()
    asking = twins.one.asking(twins.vendor)
    async with twins.one.database.transaction() as conn:
        (under_way,) = await asking.claim(conn, 1)
        order_id = under_way.order.order_id
        assert "accepted" == await rewards.mark_due(conn, twins.vendor.name, order_id)
    assert 0 == await twins.two.query()
    async with twins.one.database.transaction() as conn:
        await asking.settle(conn, under_way, Unknown("slow"))
    assert 1 == await twins.two.query()
    assert Counter(paid=1) == await twins.states()


async def test_an_absent_order_is_repeated_by_one_of_them(twins: Twins) -> None:
    """Both ask about four lost orders that the vendor lacks: each goes out once more, same id."""
    await twins.earn(4)
    twins.vendor.to_send = lambda _: Unknown("lost")
    await twins.one.submit()
    twins.vendor.to_send, twins.vendor.to_ask = lambda _: ACCEPTED, NotFound()
    await twins.hurry()
    await twins.both("query")
    assert ({2}, 4) == (set(twins.vendor.sent.values()), len(twins.vendor.sent))
    assert (Counter(accepted=4), 4) == (await twins.states(), (await twins.steps())["resent"])


async def test_a_vendor_that_takes_ids_more_than_once_gets_no_repeat(twins: Twins) -> None:
    """Without its promise to refuse repeats an absent order waits for two people."""
    await twins.earn(1)
    twins.vendor.to_send, twins.vendor.to_ask = lambda _: Unknown("lost"), NotFound()
    twins.vendor.refuses_repeats = False  # type: ignore[misc]
    await twins.one.submit()
    for _ in range(3):
        await twins.hurry()
        await twins.both("query")
    assert (1, Counter(unknown=1)) == (twins.vendor.sent.total(), await twins.states())


async def test_a_pause_holds_for_both(twins: Twins) -> None:
    """One hears of the empty wallet: the other sends nothing either, whoever comes first."""
    await twins.earn(1)
    twins.vendor.to_send = lambda _: Held("empty")
    await twins.one.submit()
    await twins.earn(3)
    assert [0, 0] == await twins.both("submit")
    assert Counter(rejected=1, ready=3) == await twins.states()


async def test_after_the_pause_one_order_looks_for_both(twins: Twins) -> None:
    """The pause is over: of the two only single orders leave until the vendor takes one."""
    await twins.earn(1)
    twins.vendor.to_send = lambda _: Held("empty")
    await twins.one.submit()
    await twins.earn(4)
    async with twins.one.database.acquire() as conn:
        await conn.execute("UPDATE vendor_pauses SET until_at = now()")
    twins.vendor.to_send = lambda _: ACCEPTED
    assert 1 == await twins.one.submit()
    assert 3 == sum(await twins.both("submit"))


async def test_of_a_person_and_a_lease_one_comes_first(twins: Twins) -> None:
    """Held or sent, never both: whoever loses the race changes nothing."""
    await twins.earn(6)

    async def withdraw(reward: Reward) -> None:
        event = verified(case_id=reward.case_id, revision=2, verdict="helped")
        async with twins.two.database.transaction() as conn:
            await hear(conn, event)

    await asyncio.gather(twins.one.submit(), *map(withdraw, twins.made))
    states = await twins.states()
    assert 6 == states["refused"] + states["accepted"]
    assert states["accepted"] == twins.vendor.sent.total()


async def test_a_longer_lease_of_one_does_not_bind_the_other(twins: Twins) -> None:
    """During an upgrade the instances may differ: what counts is the due time in the row."""
    await twins.earn(2)
    patient = replace(twins.one, pace=replace(PACE, lease=timedelta(hours=1)))
    await lease(patient, 1)
    await lease(twins.two, 1)
    assert 0 == await twins.two.recover()
    later = "UPDATE rewards SET act_at = act_at - interval '31 seconds'"
    async with twins.one.database.acquire() as conn:
        await conn.execute(later)
    assert 1 == await twins.two.recover()
    assert Counter(submitting=1, unknown=1) == await twins.states()


async def test_a_late_answer_settles_only_its_own_order(twins: Twins) -> None:
    """The next order has left meanwhile: the refusal of the one before does not close it."""
    await twins.earn(1)
    twins.vendor.to_send = lambda _: Rejected("too_late", True)
    twins.vendor.gate.clear()
    late = asyncio.create_task(twins.one.submit())
    await twins.sending(1)
    await twins.hurry()
    await twins.two.recover()
    twins.vendor.to_ask = Rejected("declined", True)
    await twins.two.query()
    await twins.hurry()
    await twins.two.retry()
    await lease(twins.two)
    twins.vendor.gate.set()
    await late
    (reward,) = await twins.now()
    assert ("submitting", 2) == (reward.state, reward.attempt)


async def test_a_lease_is_by_the_databases_clock(twins: Twins, templates: Postgres) -> None:
    """The machine's clock is days behind the database's: the lease stands all the same."""
    await twins.earn(1)
    async with twins.one.database.acquire() as conn:
        owner = await asyncpg.connect(templates.url(await conn.fetchval(_NAME)))
    await owner.execute("UPDATE simulation_clock SET moved = '3 days'")
    await owner.close()
    assert 1 == len(await lease(twins.one))
    assert 0 == await twins.two.recover()
    assert Counter(submitting=1) == await twins.states()
