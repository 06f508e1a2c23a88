"""A reward that lacked nothing but a phone: it is paid once the citizen has bound one."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards import handlers
from services.rewards.rules import entitlement
from services.rewards.rules.payouts import Reward
from services.rewards.store import contacts, history, rewards
from shared.db import Connection
from shared.events import CaseVerified, ContactBound, RewardDecided
from shared.values import clock, phone
from tests.integration.test_rewards_decisions import (
    PHONES,
    POLICIES,
    RECEIVED,
    SEAL,
    again,
    hear,
    told,
    verified,
)

SERVICE = "rewards"
RULE = POLICIES.at(RECEIVED).reward
LATER = RECEIVED + timedelta(days=5)
NO_PHONE: dict[str, Any] = {"phone_sealed": None, "phone_index": None}


def bound(submission_id: UUID, **changed: Any) -> ContactBound:
    """A phone, five days after the verdict."""
    values = {
        "submission_id": submission_id, "phone_sealed": "1.sealed", "phone_index": next(PHONES),
        "bound_at": LATER,
    }  # fmt: skip
    return ContactBound.model_validate(values | changed)


async def bind(conn: Connection, event: ContactBound) -> None:
    """Handle a bound phone."""
    await handlers.on_contact_bound(POLICIES, SEAL, conn, event)


async def reward_of(conn: Connection, event: CaseVerified) -> Reward | None:
    """The reward of a case, if it has one."""
    return await rewards.claim_by_case(conn, event.case_id)


async def test_it_becomes_payable_when_a_phone_is_bound(conn: Connection) -> None:
    """To that phone, within two days of the binding, out of that month's budget; one decision."""
    event = verified(**NO_PHONE)
    assert await hear(conn, event) is None
    contact = bound(event.submission_id)
    await bind(conn, contact)
    reward = await reward_of(conn, event)
    assert reward is not None
    assert ("ready", contact.phone_index) == (reward.state, reward.phone_index)
    assert clock.days_after_due(LATER, RULE.days) == reward.due_at
    assert ["scheduled"] == [one["decision"] for one in await told(conn)]


async def test_a_repeated_word_makes_no_second_reward(conn: Connection) -> None:
    """Neither the same binding again, nor another phone for the same submission."""
    event = verified(**NO_PHONE)
    await hear(conn, event)
    contact = bound(event.submission_id)
    for one in (contact, contact, bound(event.submission_id)):
        await bind(conn, one)
    reward = await reward_of(conn, event)
    assert reward is not None
    assert contact.phone_index == reward.phone_index
    assert ["scheduled"] == [row["step"] for row in await history.list_of(conn, reward)]


async def test_a_phone_that_came_first_is_used(conn: Connection) -> None:
    """The verdict may have been told before verification had heard of the phone."""
    event = verified(**NO_PHONE, verified_at=LATER + timedelta(days=1))
    contact = bound(event.submission_id)
    await bind(conn, contact)
    reward = await hear(conn, event)
    assert reward is not None
    assert ("ready", contact.phone_index) == (reward.state, reward.phone_index)
    assert clock.days_after_due(event.verified_at, RULE.days) == reward.due_at


async def test_a_landline_gives_way_to_the_bound_mobile(conn: Connection) -> None:
    """A number that gets no airtime waits like none at all."""
    own = uuid4()
    landline = SEAL.close("+863962912345", f"phone:{own}")
    event = verified(submission_id=own, phone_sealed=landline)
    assert await hear(conn, event) is None
    contact = bound(own)
    await bind(conn, contact)
    reward = await reward_of(conn, event)
    assert reward is not None
    assert contact.phone_index == reward.phone_index


@pytest.mark.parametrize("changed", [{"verdict": "unsubstantiated"}, {"kind": "request"}])
async def test_what_earned_nothing_waits_for_nothing(
    conn: Connection, changed: dict[str, Any]
) -> None:
    """A phone does not make a reward out of a verdict that earns none."""
    event = verified(**NO_PHONE, **changed)
    await hear(conn, event)
    await bind(conn, bound(event.submission_id))
    assert await reward_of(conn, event) is None


async def test_the_caps_hold_for_a_bound_phone(conn: Connection) -> None:
    """One reward a phone and incident: the second is held for a person."""
    first = verified()
    await hear(conn, first)
    second = verified(**NO_PHONE, incident_id=first.incident_id)
    await hear(conn, second)
    await bind(conn, bound(second.submission_id, phone_index=first.phone_index))
    reward = await reward_of(conn, second)
    assert reward is not None
    assert ("held", "phone_incident_cap") == (reward.state, reward.reason)


async def test_every_order_of_arrival_ends_the_same(conn: Connection) -> None:
    """Three revisions and a phone, heard in any order: one reward, due, to that phone."""
    for order in permutations(range(4)):
        first = verified(**NO_PHONE)
        contact = bound(first.submission_id)
        events: list[CaseVerified | ContactBound] = [
            first, again(first, 2, verdict="unsubstantiated"), again(first, 3, verdict="partly"),
            contact,
        ]  # fmt: skip
        for number in order:
            event = events[number]
            if isinstance(event, ContactBound):
                await bind(conn, event)
            else:
                await hear(conn, event)
        reward = await reward_of(conn, first)
        assert reward is not None, order
        assert ("ready", contact.phone_index) == (reward.state, reward.phone_index), order


async def test_a_verdict_that_changed_before_the_phone_came_pays_nothing(conn: Connection) -> None:
    """Only the newest verdict waits."""
    event = verified(**NO_PHONE)
    await hear(conn, event)
    await hear(conn, again(event, verdict="unsubstantiated"))
    await bind(conn, bound(event.submission_id))
    assert await reward_of(conn, event) is None
    assert await contacts.get_waiting(conn, event.submission_id) is None


async def test_no_answer_lies_in_wait(conn: Connection) -> None:
    """What is kept of a verdict is what the reward needs, and not the citizen's answer."""
    event = verified(**NO_PHONE, answer_sealed="1.secret")
    await hear(conn, event)
    waiting = await contacts.get_waiting(conn, event.submission_id)
    assert waiting == event.model_copy(update={"answer_sealed": None})


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_the_two_days_begin_with_what_came_last(apart: timedelta) -> None:
    """Verdict and phone: the later of both starts the clock, and asking twice changes nothing."""
    event = verified(**NO_PHONE)
    contact = bound(event.submission_id, bound_at=RECEIVED + apart)
    once = entitlement.with_contact(event, contact)
    assert max(RECEIVED, contact.bound_at) == once.verified_at
    assert once == entitlement.with_contact(once, contact)
    assert event == entitlement.with_contact(event, None)
    assert entitlement.is_entitled(once, RULE, phone.USES["mobile"])
    assert not entitlement.is_entitled(event, RULE, None)
    assert entitlement.earned(event, RULE)


def test_what_is_told_says_nothing_of_the_phone() -> None:
    """The decision travels without it."""
    assert {"phone_sealed", "phone_index"}.isdisjoint(RewardDecided.model_fields)
