"""A phone that no vendor tops up: found by their look-up or by an order, told, and replaced."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.rewards import handlers, phones
from services.rewards.jobs import Payouts
from services.rewards.phones import MOST_LOOKS, PhoneChecks
from services.rewards.rebinding import Rebinding
from services.rewards.rules.numbers import Word
from services.rewards.rules.payouts import Reward, move
from services.rewards.store import erasures, history, rewards
from services.rewards.store.phones import Check
from shared.db import Connection, Database
from shared.events import CaseVerified, ContactBound
from shared.vendors.outcomes import Rejected, TryLater, Unknown
from tests.integration.test_rewards_decisions import (
    PHONES,
    POLICIES,
    RECEIVED,
    SEAL,
    advance,
    hear,
    told,
    verified,
)
from tests.integration.test_rewards_money import PACE, Vendor
from tests.vendors import confirmed

SERVICE = "rewards"
REBINDING = Rebinding(POLICIES, SEAL)
NUMBER = "+8613977770100"
REFUSED = Rejected("no_such_number", retriable=False)
LATER = TryLater("busy", timedelta())


class Knowing(Vendor):
    """A vendor that says of each number what the test wants."""

    wrong_numbers = frozenset({REFUSED.code})

    def __init__(self, name: str = "one", word: Word = REFUSED) -> None:
        super().__init__(name)
        self.word, self.looked = word, list[str]()

    async def check(self, phone: str) -> Word:
        """Keep and answer."""
        self.looked.append(phone)
        return self.word


def bound(own: UUID, number: str = NUMBER, **changed: Any) -> ContactBound:
    """A phone that a citizen bound."""
    values = {
        "submission_id": own, "phone_sealed": SEAL.close(number, f"phone:{own}"),
        "phone_index": next(PHONES), "bound_at": RECEIVED + timedelta(days=1),
    }  # fmt: skip
    return ContactBound.model_validate(values | changed)


async def bind(conn: Connection, event: ContactBound) -> None:
    """Hear of it."""
    await handlers.on_contact_bound(POLICIES, SEAL, conn, event)


def checks(database: Database, *vendors: Vendor) -> PhoneChecks:
    """The look-ups at these vendors, each of which has confirmed what it sells."""
    catalogues = [confirmed(vendor) for vendor in vendors]
    return PhoneChecks(database, catalogues, SEAL, timedelta(seconds=30))


def refused_of(events: list[dict[str, Any]]) -> list[str]:
    """The phones that were said to be refused."""
    return [one["phone_index"] for one in events if "refused_at" in one]


@pytest.mark.parametrize(
    ("words", "looks", "refused", "left"),
    [
        ([REFUSED], [1], True, 0),
        ([None], [1], False, 0),
        ([Unknown("no_look_up")], [1], False, 0),
        ([LATER], [1], False, 1),
        ([REFUSED, None], [1, 1], False, 0),
        ([REFUSED, REFUSED], [1, 1], True, 0),
        ([REFUSED, LATER], [1, 1], False, 1),
        ([None, REFUSED], [1, 0], False, 0),
    ],
)
async def test_only_what_all_vendors_refuse_is_refused(
    database: Database, words: list[Word], looks: list[int], refused: bool, left: int
) -> None:
    """One that may top it up is enough; who cannot tell now is asked again, who cannot tell not."""
    contact = bound(uuid4())
    vendors = [Knowing(str(n), word) for n, word in enumerate(words)]
    async with database.transaction() as conn:
        await bind(conn, contact)
    assert 1 == await checks(database, *vendors).check()
    assert looks == [len(one.looked) for one in vendors]
    assert {NUMBER} == {number for one in vendors for number in one.looked}
    async with database.transaction() as conn:
        assert ([contact.phone_index] if refused else []) == refused_of(await told(conn))
        assert left == await conn.fetchval("SELECT count(*) FROM phone_checks")


async def test_a_vendor_that_never_answers_is_left_in_peace(database: Database) -> None:
    """The order will tell; nothing is claimed of the phone meanwhile."""
    vendor = Knowing(word=LATER)
    looking = checks(database, vendor)
    async with database.transaction() as conn:
        await bind(conn, bound(uuid4()))
    for _ in range(MOST_LOOKS + 2):
        async with database.transaction() as conn:
            await conn.execute("UPDATE phone_checks SET check_at = mashang_now()")
        await looking.check()
    assert MOST_LOOKS == len(vendor.looked)
    async with database.transaction() as conn:
        assert [] == refused_of(await told(conn))


async def test_nobody_learns_a_number_that_is_not_to_be_paid(conn: Connection) -> None:
    """Neither one left with a complaint that found nothing, nor one whose order leaves at once,
    nor a virtual operator's, which is known to get none."""
    await hear(conn, verified(verdict="unsubstantiated"))
    await hear(conn, verified())
    own = uuid4()
    await bind(conn, bound(own, "+8617012345678"))
    assert 0 == await conn.fetchval("SELECT count(*) FROM phone_checks")


async def test_a_reward_that_waits_for_a_person_is_looked_up(conn: Connection) -> None:
    """Its two days would be over before the order finds out."""
    first = verified()
    await hear(conn, first)
    second = verified(incident_id=first.incident_id, phone_index=first.phone_index)
    held = await hear(conn, second)
    assert held is not None
    assert "held" == held.state
    assert [second.submission_id] == [
        row["submission_id"] for row in await conn.fetch("SELECT submission_id FROM phone_checks")
    ]


async def test_a_verdict_waits_where_the_phone_is_refused(conn: Connection) -> None:
    """No order is made for it; another phone is paid at once, its two days beginning then."""
    own = uuid4()
    first, second = bound(own), bound(own, bound_at=RECEIVED + timedelta(days=3))
    await bind(conn, first)
    await phones.refuse(conn, own, first.phone_index, "c", RECEIVED)
    event = verified(submission_id=own)
    assert await hear(conn, event) is None
    await bind(conn, second)
    reward = await rewards.claim_by_case(conn, event.case_id)
    assert reward is not None
    assert ("ready", second.phone_index) == (reward.state, reward.phone_index)
    assert second.bound_at == reward.verified_at


async def test_an_order_that_finds_the_number_wrong_says_so(database: Database) -> None:
    """Once, with the reward at a person; a new phone is paid without that person."""
    vendor = Knowing()
    payouts = Payouts(database, [vendor], SEAL, PACE, [confirmed(vendor)], REBINDING)
    own = uuid4()
    event = verified(submission_id=own, phone_sealed=SEAL.close(NUMBER, f"phone:{own}"))
    async with database.transaction() as conn:
        await hear(conn, event)
    vendor.to_send = REFUSED
    await payouts.submit()
    await due(database)
    await payouts.retry()
    assert "manual" == (await reward_of(database, event)).state
    async with database.transaction() as conn:
        assert [event.phone_index] == refused_of(await told(conn))
        second = bound(own, "+8613800138000")
        await bind(conn, second)
    reward = await reward_of(database, event)
    assert ("ready", second.phone_index, 1) == (reward.state, reward.phone_index, reward.attempt)
    await payouts.submit()
    assert 2 == (await reward_of(database, event)).attempt
    async with database.transaction() as conn:
        decided = [one["decision"] for one in await told(conn) if "decision" in one]
    assert ["scheduled", "manual", "scheduled"] == decided


@pytest.mark.parametrize("code", ["another_word", "NO_SUCH_NUMBER_HERE"])
async def test_what_is_not_about_the_number_says_nothing_of_it(
    database: Database, code: str
) -> None:
    """An order that failed for good for another reason: a person looks, the phone is not blamed."""
    vendor = Knowing()
    vendor.to_send = Rejected(code, retriable=False)
    payouts = Payouts(database, [vendor], SEAL, PACE, [confirmed(vendor)], REBINDING)
    own = uuid4()
    async with database.transaction() as conn:
        sealed = SEAL.close(NUMBER, f"phone:{own}")
        await hear(conn, verified(submission_id=own, phone_sealed=sealed))
    await payouts.submit()
    async with database.transaction() as conn:
        assert [] == refused_of(await told(conn))


async def stands(conn: Connection, state: str) -> tuple[Reward, CaseVerified]:
    """A reward in a state, whose phone is refused."""
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    paths: dict[str, tuple[Any, ...]] = {
        "ready": (), "submitting": ("leased",), "unknown": ("leased", "lost"),
        "accepted": ("leased", "accepted"), "paid": ("leased", "paid"),
        "rejected": ("leased", "rejected"), "manual": ("leased", "rejected", "given_up"),
    }  # fmt: skip
    reward = await advance(conn, reward, *paths[state])
    await phones.refuse(conn, event.submission_id, event.phone_index or "", "c", RECEIVED)
    return reward, event


@pytest.mark.parametrize("state", ["ready", "rejected", "manual"])
async def test_what_has_not_left_goes_to_the_new_phone(conn: Connection, state: str) -> None:
    """Decided again by the caps of that phone, in history as a refusal and a new entitlement."""
    _, event = await stands(conn, state)
    contact = bound(event.submission_id)
    await bind(conn, contact)
    reward = await rewards.claim_by_case(conn, event.case_id)
    assert reward is not None
    assert ("ready", contact.phone_index) == (reward.state, reward.phone_index)
    steps = [row["step"] for row in await history.list_of(conn, reward)]
    assert ["refused", "entitled", "scheduled"] == steps[-3:]
    newest = [one for one in await told(conn) if "decision" in one][-1]
    assert contact.bound_at == datetime.fromisoformat(newest["verified_at"])


@pytest.mark.parametrize("state", ["ready", "unknown", "manual"])
async def test_a_refused_phone_that_is_bound_once_more_is_told_so(
    conn: Connection, state: str
) -> None:
    """The citizen waits for a word: another is needed still, and no order goes to it."""
    reward, event = await stands(conn, state)
    await bind(conn, bound(event.submission_id, phone_index=event.phone_index))
    assert [event.phone_index] * 2 == refused_of(await told(conn))
    assert reward == await rewards.claim_by_case(conn, event.case_id)


async def test_the_way_back_to_a_refused_phone_is_none(conn: Connection) -> None:
    """Two are refused: the first takes nothing from the second, and a third is paid."""
    _, event = await stands(conn, "manual")
    own, first = event.submission_id, event.phone_index or ""
    second, back, third = (
        bound(own, bound_at=RECEIVED + timedelta(days=days), **changed)
        for days, changed in enumerate(({}, {"phone_index": first}, {}), 1)
    )
    await bind(conn, second)
    await phones.refuse(conn, own, second.phone_index, "c", RECEIVED)
    for contact, gets in ((back, second), (third, third)):
        await bind(conn, contact)
        reward = await rewards.claim_by_case(conn, event.case_id)
        assert reward is not None
        assert gets.phone_index == reward.phone_index
    assert [first, second.phone_index, first] == refused_of(await told(conn))


async def test_what_a_person_stopped_stays_stopped(conn: Connection) -> None:
    """A new phone lifts nobody's hold, and who held it may still not approve it."""
    reward, event = await stands(conn, "ready")
    now = await rewards.get_now(conn)
    held = replace(move(reward, "held", now, reason="by_hand"), held_by="ann")
    assert await rewards.mark(conn, held)
    contact = bound(event.submission_id)
    await bind(conn, contact)
    after = await rewards.claim_by_case(conn, event.case_id)
    assert after is not None
    assert ("held", "by_hand", "ann") == (after.state, after.reason, after.held_by)
    assert contact.phone_index == after.phone_index


async def test_a_withdrawn_verdict_is_not_revived(conn: Connection) -> None:
    """Neither is one whose phone nobody refuses."""
    reward, event = await stands(conn, "rejected")
    assert await rewards.mark(
        conn, replace(reward, version=reward.version + 1, withdrawn_at=RECEIVED)
    )
    await bind(conn, bound(event.submission_id))
    fine = verified()
    before = await hear(conn, fine)
    await bind(conn, bound(fine.submission_id))
    for one, phone in ((event, event.phone_index), (fine, fine.phone_index)):
        after = await rewards.claim_by_case(conn, one.case_id)
        assert after is not None
        assert phone == after.phone_index
    assert before == await rewards.claim_by_case(conn, fine.case_id)


async def test_it_is_said_once(conn: Connection) -> None:
    """Look-up and order may both find out."""
    own = uuid4()
    for _ in range(2):
        await phones.refuse(conn, own, "i", "c", RECEIVED)
    assert ["i"] == refused_of(await told(conn))


async def test_a_check_prints_no_phone() -> None:
    """Nor does anything that is logged."""
    assert "sealed" not in repr(Check(uuid4(), "1.sealed", "i"))


async def due(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute("UPDATE rewards SET act_at = mashang_now() WHERE act_at IS NOT NULL")


async def reward_of(database: Database, event: CaseVerified) -> Reward:
    async with database.transaction() as conn:
        found = await rewards.claim_by_case(conn, event.case_id)
    assert found is not None
    return found


async def test_what_is_to_be_forgotten_is_forgotten_here_too(conn: Connection) -> None:
    """The phone that waits for its look-up, and the mark of one that is refused."""
    own = uuid4()
    contact = bound(own)
    await bind(conn, contact)
    await phones.refuse(conn, own, contact.phone_index, "c", RECEIVED)
    await erasures.hear(conn, own)
    assert 1 == await erasures.erase(conn, 10)
    for table in ("contacts", "phone_checks", "refused_phones"):
        assert 0 == await conn.fetchval(f"SELECT count(*) FROM {table}")
