"""Another phone is bound while the order to a refused one is open: paid after it, or never."""

from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from services.rewards.jobs import Payouts
from services.rewards.phones import refuse
from services.rewards.rules.orders import Order
from services.rewards.rules.payouts import Reward
from services.rewards.store import history, rewards
from shared.db import Connection, Database
from shared.events import CaseVerified, ContactBound
from shared.vendors.outcomes import Outcome, Rejected, Unknown
from shared.web.texts import texts
from tests.integration.rewards_desk import SEED, opened
from tests.integration.staff_tab import Tab, somebody
from tests.integration.test_rewards_decisions import RECEIVED, SEAL, hear, told, verified
from tests.integration.test_rewards_money import ACCEPTED, DONE, LOST, PACE
from tests.integration.test_rewards_refused_phones import (
    LATER,
    NUMBER,
    REBINDING,
    Knowing,
    bind,
    bound,
    due,
    reward_of,
    stands,
)
from tests.vendors import confirmed

SERVICE = "rewards"
OTHER = "+8613800138000"


@pytest.mark.parametrize("state", ["submitting", "accepted", "unknown"])
async def test_another_phone_waits_while_an_order_may_be_carried_out(
    conn: Connection, state: str
) -> None:
    """Be late, never double: the order's phone stays, and citizen and desk are told why."""
    reward, event = await stands(conn, state)
    contact = bound(event.submission_id)
    for _ in range(2):
        await bind(conn, contact)
    assert replace(reward, version=reward.version + 1) == await _claimed(conn, event)
    assert ["scheduled", "clearing"] == await _decided(conn)
    assert "rebound" == [row["step"] for row in await history.list_of(conn, reward)][-1]


async def test_what_is_paid_needs_no_other_phone(conn: Connection) -> None:
    """It arrived after all; nobody is told otherwise."""
    reward, event = await stands(conn, "paid")
    await bind(conn, bound(event.submission_id))
    assert reward == await rewards.claim_by_case(conn, event.case_id)


async def _claimed(conn: Connection, event: CaseVerified) -> Reward | None:
    return await rewards.claim_by_case(conn, event.case_id)


async def _decided(conn: Connection) -> list[str]:
    return [one["decision"] for one in await told(conn) if "decision" in one]


@dataclass
class Open:
    """An order under way, its phone refused meanwhile, and another one bound."""

    payouts: Payouts
    vendor: Knowing
    event: CaseVerified
    contact: ContactBound
    numbers: list[str]

    async def hear(self, answer: Outcome) -> Reward:
        """What the vendor says when it is asked; then whatever follows from it has been done."""
        self.vendor.to_ask = lambda _: answer
        for job in (self.payouts.query, self.payouts.retry, self.payouts.submit):
            await due(self.payouts.database)
            await job()
        return await reward_of(self.payouts.database, self.event)


async def _open(database: Database, sent: Outcome) -> Open:
    vendor = Sending()
    vendor.to_send = sent
    payouts = Payouts(database, [vendor], SEAL, PACE, [confirmed(vendor)], REBINDING)
    own = uuid4()
    event = verified(submission_id=own, phone_sealed=SEAL.close(NUMBER, f"phone:{own}"))
    contact = bound(own, OTHER)
    async with database.transaction() as conn:
        await hear(conn, event)
    await payouts.submit()
    async with database.transaction() as conn:
        await refuse(conn, own, event.phone_index or "", "c", RECEIVED)
        await bind(conn, contact)
    return Open(payouts, vendor, event, contact, vendor.numbers)


class Sending(Knowing):
    """One that keeps to whom it was told to send."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = list[str]()

    async def send(self, order: Order, phone: str) -> Outcome:
        """Keep and answer."""
        self.numbers.append(phone)
        return await super().send(order, phone)


@pytest.mark.parametrize("sent", [ACCEPTED, LOST])
@pytest.mark.parametrize("again", [True, False])
async def test_the_other_phone_is_paid_once_the_order_has_certainly_failed(
    database: Database, sent: Outcome, again: bool
) -> None:
    """Not before: neither an unknown nor a lost answer frees it. Then once, whether another order
    to the first phone could have succeeded or not."""
    one = await _open(database, sent)
    for answer in (LOST, LATER, Unknown("x"), ACCEPTED):
        assert one.event.phone_index == (await one.hear(answer)).phone_index
    assert [NUMBER] == one.numbers
    one.vendor.to_send = DONE
    reward = await one.hear(Rejected("failed", retriable=again))
    assert [NUMBER, OTHER] == one.numbers
    wanted = ("paid", one.contact.phone_index, 2)
    assert wanted == (reward.state, reward.phone_index, reward.attempt)
    async with database.transaction() as conn:
        assert ["scheduled", "clearing", "scheduled"] == await _decided(conn)
        assert [one.contact.phone_index] == await _paid_to(conn)


@pytest.mark.parametrize("sent", [ACCEPTED, LOST])
async def test_the_other_phone_gets_nothing_where_the_order_went_through(
    database: Database, sent: Outcome
) -> None:
    """Twenty yuan once, to the phone of the order, and that is what is told."""
    one = await _open(database, sent)
    reward = await one.hear(DONE)
    assert ("paid", one.event.phone_index) == (reward.state, reward.phone_index)
    await one.hear(DONE)
    assert [NUMBER] == one.numbers
    async with database.transaction() as conn:
        assert [one.event.phone_index] == await _paid_to(conn)


async def _paid_to(conn: Connection) -> list[str]:
    return [row["phone_index"] for row in await told(conn) if "paid_at" in row]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_desk_sees_that_another_phone_waits(database: Database, language: str) -> None:
    """Masked, on the reward's own page and in its answer, for as long as it waits."""
    async with opened(database) as desk:
        reward = await desk.earn("leased", "lost")
        own = reward.submission_id
        sealed = desk.settings.seal.close(OTHER, f"phone:{own}")
        page = Tab(desk.client, SEED, somebody("reward_approver"), language)
        shown = list[tuple[str | None, bool]]()
        for _ in range(2):
            _, answer = await desk.get(f"/api/v1/rewards/{reward.id}")
            assert 200 == await page.get(f"/rewards/{reward.id}")
            shown.append((answer["other_phone"], "138****8000" in page.text))
            async with database.transaction() as conn:
                await refuse(conn, own, reward.phone_index, "c", RECEIVED)
                await bind(conn, bound(own, phone_sealed=sealed))
        assert [(None, False), ("138****8000", True)] == shown
        assert texts(language).text("reward_step_rebound") in page.text
