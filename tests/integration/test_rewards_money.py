"""Money under later words: a verdict withdrawn, an order carried out after all, two vendors."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from asyncpg import Record
from prometheus_client import REGISTRY

from services.rewards import approvals
from services.rewards.earlier import Earlier
from services.rewards.jobs import Payouts
from services.rewards.providers.protocol import Airtime
from services.rewards.rebinding import Rebinding
from services.rewards.rules.orders import Order
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import earlier, history, mismatches, orders, rewards
from services.rewards.views import Approval
from services.rewards.watching import observe
from shared.access import Operator
from shared.db import Database
from shared.errors import Conflict
from shared.events import CaseVerified
from shared.values.seal import Seal
from shared.vendors import outcomes
from shared.vendors.outcomes import Accepted, Done, NotFound, Outcome, Rejected, TryLater, Unknown
from tests import support
from tests.conftest import eventually
from tests.integration.test_rewards_decisions import POLICIES, again, deny, hear, told, verified
from tests.vendors import confirmed, lease

SERVICE = "rewards"
SEAL = Seal({"phone": {"1": bytes(32)}})
REBINDING = Rebinding(POLICIES, SEAL)
PACE = Pace(resend_after=timedelta(), held_pause=timedelta(hours=1))
ACCEPTED, DONE, LOST, DENIED = Accepted("1", "c"), Done("1", "c"), Unknown("lost"), NotFound()
REFUSED = Rejected("c", True)
ANN, BEN = (Operator(name, name, "reward_approver", "city") for name in ("ann", "ben"))


class Vendor(Airtime):
    """It answers what the test wants, keeps what reached it, and may be made to wait."""

    refuses_repeats = True

    def __init__(self, name: str = "one") -> None:
        self.name = name  # type: ignore[misc]
        self.products: Mapping[str, int] = {"p-20": 2000}
        self.sent: list[Order] = []
        self.asked: list[Order] = []
        self.to_send: Outcome = ACCEPTED
        self.to_ask: Callable[[Order], Outcome] = lambda _: DONE
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, order: Order, phone: str) -> Outcome:
        """Keep, wait if told to, answer."""
        self.sent.append(order)
        await self.gate.wait()
        return self.to_send

    async def ask(self, order: Order) -> Outcome:
        """Keep and answer."""
        self.asked.append(order)
        return self.to_ask(order)

    def read_report(self, body: bytes) -> list[str]:
        """Its reports do not come over HTTP here."""
        raise NotImplementedError


@dataclass
class World:
    """Rewards before its vendors, and one reward."""

    database: Database
    vendors: tuple[Vendor, ...]
    event: CaseVerified

    @property
    def payouts(self) -> Payouts:
        """The jobs, with the vendors that are configured now."""
        return Payouts(self.database, self.vendors, SEAL, PACE, [confirmed(self.vendor)], REBINDING)

    @property
    def vendor(self) -> Vendor:
        """The one of new orders."""
        return self.vendors[0]

    async def earn(self) -> None:
        """The reward is ready."""
        sealed = SEAL.close("+8613800000088", f"phone:{self.event.submission_id}")
        self.event = self.event.model_copy(update={"phone_sealed": sealed})
        await self.verdict(1, "substantiated")

    async def verdict(self, revision: int, verdict: str) -> None:
        """A revision of the case."""
        async with self.database.transaction() as conn:
            await hear(conn, again(self.event, revision, verdict=verdict))

    async def now(self) -> Reward:
        """As it is stored."""
        async with self.database.acquire() as conn:
            reward = await rewards.claim_by_case(conn, self.event.case_id)
        assert reward is not None
        return reward

    async def round(self) -> Reward:
        """Everything that waits is due, each job runs once; the reward as it then is."""
        async with self.database.acquire() as conn:
            await conn.execute("UPDATE rewards SET act_at = now() WHERE act_at IS NOT NULL")
            await conn.execute("UPDATE orders SET ask_at = now() WHERE ask_at IS NOT NULL")
        await self.payouts.retry()
        await self.payouts.recover()
        await Earlier(self.database, self.vendors, PACE).query()
        await self.payouts.query()
        await self.payouts.submit()
        return await self.now()

    async def leaving(self) -> int:
        """How many orders have reached the vendor."""
        return len(self.vendor.sent)

    async def steps(self) -> list[str]:
        """What happened to it."""
        async with self.database.acquire() as conn:
            return [row["step"] for row in await history.list_of(conn, await self.now())]

    async def decisions(self) -> list[str]:
        """What citizen and figures were told."""
        async with self.database.acquire() as conn:
            return [said.get("decision", "paid") for said in await told(conn)]

    async def listed(self) -> list[Record]:
        """Its orders."""
        async with self.database.acquire() as conn:
            return await orders.list_of(conn, await self.now())

    async def lose(self) -> Reward:
        """The order left, and nobody knows what became of it."""
        self.vendor.to_send = LOST
        await self.earn()
        await self.payouts.submit()
        return await self.now()

    async def write_off(self) -> Reward:
        """Two people sign, long after; the order is closed as failed."""
        async with self.database.transaction() as conn:
            await conn.execute("UPDATE rewards SET sent_at = sent_at - interval '8 days'")
            reward = await rewards.claim_by_case(conn, self.event.case_id)
            assert reward is not None
            await deny(conn, reward)
            for who in (ANN, BEN):
                reward = await approvals.write_off(conn, reward, who, "not there", PACE)
        return reward

    async def order_again(self) -> Reward:
        """The next order has left, and the vendor took it."""
        self.vendor.to_send = ACCEPTED
        await self.payouts.retry()
        await self.payouts.submit()
        return await self.now()

    async def report(self, order_id: str) -> None:
        """The vendor reports an order, whichever."""
        async with self.database.transaction() as conn:
            await rewards.mark_due(conn, self.vendor.name, order_id)
            await earlier.mark_due(conn, self.vendor.name, order_id)


@pytest.fixture
async def world(database: Database) -> World:
    """Nothing is earned yet."""
    return World(database, (Vendor(),), verified())


@pytest.fixture
async def sending(world: World) -> AsyncIterator["asyncio.Task[int]"]:
    """An order that is with the vendor, who has not answered."""
    await world.earn()
    world.vendor.gate.clear()
    task = asyncio.create_task(world.payouts.submit())
    await eventually(world.leaving, 1)
    yield task
    world.vendor.gate.set()
    await task


async def test_withdrawn_while_submitting_and_refused(
    world: World, sending: "asyncio.Task[int]"
) -> None:
    """The vendor's definite refusal is heard, and no new order leaves: refused, for the verdict."""
    await world.verdict(2, "unsubstantiated")
    world.vendor.to_send = REFUSED
    world.vendor.gate.set()
    await sending
    assert "rejected" == (await world.now()).state
    for _ in range(3):
        reward = await world.round()
    assert ("refused", "verdict_changed", 1) == (reward.state, reward.reason, reward.attempt)
    assert 1 == len(world.vendor.sent)
    assert ["scheduled", "withdrawn", "refused"] == await world.decisions()


async def test_withdrawn_while_submitting_and_paid(
    world: World, sending: "asyncio.Task[int]"
) -> None:
    """What the vendor had already done stays paid; the history says that it was withdrawn."""
    await world.verdict(2, "unsubstantiated")
    world.vendor.to_send = DONE
    world.vendor.gate.set()
    await sending
    reward = await world.now()
    assert "paid" == reward.state
    assert reward.withdrawn_at is not None
    assert ["scheduled", "leased", "withdrawn", "paid"] == await world.steps()
    assert ["scheduled", "withdrawn", "paid"] == await world.decisions()


async def test_withdrawn_between_the_lease_and_the_first_byte(world: World) -> None:
    """The lease was committed, the verdict changed, then the errand went on: nothing is sent."""
    await world.earn()
    errand = world.payouts.sending(world.vendor)
    (leased,) = await lease(world.payouts)
    await world.verdict(2, "unsubstantiated")
    await errand.carry(leased, errand.deadline())
    assert "refused" == (await world.round()).state
    assert [] == world.vendor.sent


async def test_withdrawn_while_unknown_is_never_sent_again(world: World) -> None:
    """Absent at the vendor, it is asked about and stays unknown; written off, it ends refused."""
    await world.lose()
    await world.verdict(2, "helped")
    world.vendor.to_ask = lambda _: DENIED
    for _ in range(4):
        assert "unknown" == (await world.round()).state
    assert (1, 4) == (len(world.vendor.sent), len(world.vendor.asked))
    await world.write_off()
    reward = await world.round()
    assert ("refused", "verdict_changed") == (reward.state, reward.reason)
    assert 1 == len(world.vendor.sent)


async def test_withdrawn_while_rejected_is_refused_at_once(world: World) -> None:
    """Before the next attempt: it never leaves."""
    world.vendor.to_send = REFUSED
    await world.earn()
    await world.payouts.submit()
    await world.verdict(2, "unsubstantiated")
    for _ in range(3):
        assert "refused" == (await world.round()).state
    assert 1 == len(world.vendor.sent)


async def test_withdrawn_while_accepted_and_then_declined(world: World) -> None:
    """The answer to a question counts as much as the answer to the order."""
    await world.earn()
    await world.payouts.submit()
    await world.verdict(2, "unsubstantiated")
    world.vendor.to_ask = lambda _: REFUSED
    await world.round()
    assert "refused" == (await world.round()).state
    assert 1 == len(world.vendor.sent)


async def test_entitled_again_is_sent_again(world: World) -> None:
    """A verdict that comes back clears the withdrawal, and the absent order goes out once more."""
    await world.lose()
    await world.verdict(2, "helped")
    world.vendor.to_ask = lambda _: DENIED
    await world.round()
    await world.verdict(3, "partly")
    world.vendor.to_send = ACCEPTED
    assert "accepted" == (await world.round()).state
    assert 1 == len({order.order_id for order in world.vendor.sent})
    assert ["scheduled", "withdrawn", "scheduled"] == await world.decisions()


async def test_a_question_under_way_is_no_time_to_sign(world: World) -> None:
    """Between the question and its answer nobody signs, however old the order is."""
    await world.lose()
    asking = world.payouts.asking(world.vendor)
    async with world.database.transaction() as conn:
        await conn.execute("UPDATE rewards SET act_at = now()")
        assert 1 == len(await asking.claim(conn, 1))
    with pytest.raises(Conflict) as caught:
        await world.write_off()
    assert "refused.write_off_asking" == caught.value.key


@pytest.mark.parametrize("answer", [LOST, TryLater("c", timedelta()), outcomes.Held("c")])
async def test_a_failed_question_takes_the_denial_back(world: World, answer: Outcome) -> None:
    """The last answer must be NOT_FOUND, not the last but one."""
    await world.lose()
    for word in (DENIED, answer):
        world.vendor.to_ask = lambda _, word=word: word  # type: ignore[misc]
        world.vendor.refuses_repeats = False  # type: ignore[misc]
        await world.round()
    (order,) = await world.listed()
    assert (outcomes.kind(answer), False) == (order["last_answer"], order["last_answer_at"] is None)


async def test_a_resent_order_is_no_longer_denied(world: World) -> None:
    """What the vendor said before the copy left is forgotten with it."""
    await world.lose()
    world.vendor.to_ask = lambda _: DENIED
    await world.round()
    (order,) = await world.listed()
    assert (2, "unknown") == (len(world.vendor.sent), order["last_answer"])


async def test_a_late_payment_stops_the_next_order(world: World) -> None:
    """Written off, to be ordered again; before that leaves the vendor reports the old one paid."""
    first = await world.lose()
    await world.write_off()
    await world.payouts.retry()
    assert "ready" == (await world.now()).state
    await world.report(first.order_id)
    reward = await world.round()
    assert ("paid", 1) == (reward.state, len(world.vendor.sent))
    assert ["paid"] == [order["outcome"] for order in await world.listed()]
    assert "found" in await world.steps()
    assert "paid" == (await world.decisions())[-1]


async def test_a_written_off_order_is_looked_at_a_day_after(world: World) -> None:
    """Also when the vendor never reports."""
    await world.lose()
    await world.write_off()
    async with world.database.acquire() as conn:
        waits = await conn.fetchval("SELECT ask_at - closed_at FROM orders")
    assert timedelta(days=1) == waits


async def test_a_late_payment_beside_the_next_order(world: World) -> None:
    """It has left already: a loud mismatch that names both, and no third order, ever."""
    first = await world.lose()
    await world.write_off()
    second = await world.order_again()
    assert ("accepted", 2) == (second.state, second.attempt)
    world.vendor.to_ask = lambda order: DONE if order.attempt == 1 else REFUSED
    await world.report(first.order_id)
    with support.captured_logs() as logs:
        await Earlier(world.database, world.vendors, PACE).query()
    (loud,) = [entry for entry in logs if entry["event"] == "two orders for one reward"]
    named = (first.order_id, second.order_id)
    assert (*named, "error") == (loud["order_id"], loud["other_order_id"], loud["log_level"])
    async with world.database.acquire() as conn:
        (row,) = await mismatches.list_of(conn, second.id)
    assert named == (row["order_id"], row["other_order_id"])
    await observe(world.database, ["one"], [2000])
    assert 1 == REGISTRY.get_sample_value("mashang_payout_mismatches")
    for _ in range(4):
        reward = await world.round()
    assert ("paid", 2) == (reward.state, len(world.vendor.sent))
    assert ["paid", "rejected"] == [order["outcome"] for order in await world.listed()]


async def test_both_orders_paid_stay_a_mismatch(world: World) -> None:
    """The second one is paid too: told once, and both stand on the page for a person."""
    first = await world.lose()
    await world.write_off()
    await world.order_again()
    await world.report(first.order_id)
    for _ in range(3):
        await world.round()
    async with world.database.acquire() as conn:
        assert 1 == len(await mismatches.list_of(conn, first.id))
    assert 1 == (await world.decisions()).count("paid")


async def test_an_earlier_order_under_way_holds_the_next_one(world: World) -> None:
    """The vendor has it after all and has not settled it: nothing leaves until it fails."""
    first = await world.lose()
    await world.write_off()
    await world.payouts.retry()
    await world.report(first.order_id)
    world.vendor.to_ask = lambda _: ACCEPTED
    for _ in range(3):
        reward = await world.round()
    assert ("ready", first.order_id, 1) == (reward.state, reward.late_order, len(world.vendor.sent))
    world.vendor.to_ask, world.vendor.to_send = lambda _: REFUSED, ACCEPTED
    reward = await world.round()
    assert (None, 2) == (reward.late_order, len(world.vendor.sent))


async def test_nobody_approves_over_an_earlier_order(world: World) -> None:
    """A manual reward whose old order lives is not ordered again by hand."""
    world.vendor.to_send = Rejected("c", False)
    await world.earn()
    await world.payouts.submit()
    manual = await world.round()
    assert "manual" == manual.state
    await world.report(manual.order_id)
    world.vendor.to_ask = lambda _: ACCEPTED
    await world.round()
    async with world.database.transaction() as conn:
        with pytest.raises(Conflict) as caught:
            await approvals.decide(
                conn, await world.now(), ANN, Approval(decision="approve", note="x")
            )
    assert "refused.reward_not_due" == caught.value.key
    world.vendor.to_ask = lambda _: DONE
    assert "paid" == (await world.round()).state


async def test_an_order_is_asked_about_and_repeated_at_its_own_vendor(world: World) -> None:
    """Another vendor takes the new orders now: NOT_FOUND there would pay twice."""
    old, new = world.vendor, Vendor("two")
    await world.lose()
    world.vendors = (new, old)
    old.to_ask = lambda _: DENIED
    old.to_send = ACCEPTED
    assert "accepted" == (await world.round()).state
    assert (1, 2) == (len(old.asked), len(old.sent))
    assert ([], []) == (new.asked, new.sent)


async def test_an_earlier_order_is_asked_about_at_its_own_vendor(world: World) -> None:
    """Written off at one vendor and paid there late: the new one is not asked and gets nothing."""
    old, new = world.vendor, Vendor("two")
    await world.lose()
    await world.write_off()
    world.vendors = (new, old)
    new.to_ask = lambda _: DENIED
    assert "paid" == (await world.round()).state
    assert ([], []) == (new.asked, new.sent)


async def test_an_order_waits_for_its_vendor(world: World) -> None:
    """Not configured any more: it is asked about nowhere, counted, and goes on when it is back."""
    old, new = world.vendor, Vendor("two")
    await world.lose()
    world.vendors = (new,)
    for _ in range(2):
        assert "unknown" == (await world.round()).state
    await observe(world.database, ["two"], [2000])
    assert 1 == REGISTRY.get_sample_value("mashang_payouts_stranded", {"reason": "vendor"})
    assert ([], []) == (new.asked, new.sent)
    world.vendors = (new, old)
    assert "paid" == (await world.round()).state


async def test_an_order_keeps_its_product_and_amount(world: World) -> None:
    """Another product is sold for 20 yuan since: the old order is asked and repeated as it was."""
    await world.lose()
    world.vendor.products = {"p-21": 2000, "p-51": 5000}
    world.vendor.to_ask = lambda _: DENIED
    world.vendor.to_send = ACCEPTED
    await world.round()
    ordered = {(o.product, o.amount_fen, o.vendor) for o in world.vendor.sent + world.vendor.asked}
    assert {("p-20", 2000, "one")} == ordered
    assert ["p-20"] == [order["product"] for order in await world.listed()]


async def test_an_amount_without_a_product_waits(world: World) -> None:
    """Nothing leaves, the gauge says so, and it goes out once the product is there."""
    world.vendor.products = {"p-50": 5000}
    await world.earn()
    assert "ready" == (await world.round()).state
    await observe(world.database, ["one"], list(world.vendor.products.values()))
    assert 1 == REGISTRY.get_sample_value("mashang_payouts_stranded", {"reason": "product"})
    world.vendor.products = {"p-20": 2000}
    assert "accepted" == (await world.round()).state


@pytest.mark.parametrize("away", [LOST, TryLater("c", timedelta()), outcomes.Held("c")])
async def test_the_look_a_day_after_survives_an_absent_vendor(world: World, away: Outcome) -> None:
    """It is away at that moment: asked again, and the reversal of that night is noticed."""
    await world.earn()
    world.vendor.to_send = DONE
    await world.payouts.submit()
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET paid_at = paid_at - interval '25 hours'")
    world.vendor.to_ask = lambda _: away
    for _ in range(2):
        assert (await world.round()).act_at is not None
    world.vendor.to_ask = lambda _: outcomes.Reversed("1", "c")
    assert "reversed" == (await world.round()).state


async def test_the_look_ends_with_the_answer(world: World) -> None:
    """Still paid: nothing more is asked."""
    await world.earn()
    world.vendor.to_send = DONE
    await world.payouts.submit()
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET paid_at = paid_at - interval '25 hours'")
    assert (await world.round()).act_at is None


async def test_a_reward_that_goes_to_a_person_is_told_and_told_again(world: World) -> None:
    """Given up, approved by a person, paid: each is a word to the receipt and the figures."""
    world.vendor.to_send = Rejected("c", False)
    await world.earn()
    await world.payouts.submit()
    manual = await world.round()
    async with world.database.transaction() as conn:
        await approvals.decide(conn, manual, ANN, Approval(decision="approve", note="x"))
    world.vendor.to_send = DONE
    await world.round()
    assert ["scheduled", "manual", "scheduled", "paid"] == await world.decisions()
    assert Counter(replace(o, attempt=0, order_id="") for o in world.vendor.sent) == {
        Order("", "one", "p-20", 2000, 0): 2
    }


async def test_a_renewed_reward_waits_for_its_earlier_order(world: World) -> None:
    """Refused, earned again while the vendor has the old order after all: held, never ordered."""
    first = await world.lose()
    await world.write_off()
    await world.payouts.retry()
    await world.verdict(2, "helped")
    await world.report(first.order_id)
    world.vendor.to_ask = lambda _: ACCEPTED
    assert "refused" == (await world.round()).state
    await world.verdict(3, "partly")
    reward = await world.round()
    assert ("held", "late_order", 1) == (reward.state, reward.reason, len(world.vendor.sent))
    world.vendor.to_ask = lambda _: DONE
    reward = await world.round()
    assert ("paid", 1) == (reward.state, len(world.vendor.sent))


async def test_one_reward_that_cannot_move_holds_up_no_other(world: World) -> None:
    """Ready and rejected ones: the stuck one is put off, told and counted, the others go on."""
    bad, good = world, World(world.database, world.vendors, verified())
    for one in (bad, good):
        await one.earn()
    async with world.database.transaction() as conn:
        # An order of before that nobody closed: the last line of defence refuses a second one.
        await conn.execute(
            """INSERT INTO orders (order_id, reward_id, attempt, vendor, amount_fen, opened_at)
               VALUES ('abcdefgh0', $1, 99, 'one', 2000, now())""",
            (await bad.now()).id,
        )
    before = REGISTRY.get_sample_value("mashang_payouts_stuck_total") or 0
    with support.captured_logs() as logs:
        assert 1 == await world.payouts.submit()
    assert ("ready", "accepted") == ((await bad.now()).state, (await good.now()).state)
    assert ["reward stuck"] == [e["event"] for e in logs if e["log_level"] == "error"]
    assert before + 1 == REGISTRY.get_sample_value("mashang_payouts_stuck_total")
    act_at = (await bad.now()).act_at
    assert act_at is not None
    async with world.database.acquire() as conn:
        assert act_at > await rewards.get_now(conn) + timedelta(minutes=9)
