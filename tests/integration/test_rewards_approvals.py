"""What people may decide about a reward: every refusal by its key, and nothing by one person."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from services.rewards import approvals, handlers
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.rules.settling import WRITABLE_OFF
from services.rewards.rules.states import State
from services.rewards.store import history, orders, rewards
from services.rewards.views import Approval
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Forbidden, Refused
from shared.events import OfficerChanged
from tests.integration.test_rewards_decisions import again, deny, hear, verified
from tests.integration.test_rewards_moves import stored, walked

SERVICE = "rewards"
PACE = Pace()
ANN = Operator("ann", "安", "reward_approver", "city")
BEN = Operator("ben", "本", "reward_approver", "city")
EVE = Operator("eve", "夏", "reward_approver", "city", "P-7")
YES, NO = (Approval(decision=word, note="看过") for word in ("approve", "refuse"))
WINDOW = PACE.vendor_window


async def refused(awaited: Any, kind: type[Refused], key: str) -> Refused:
    """The refusal, which is of this kind and says this."""
    with pytest.raises(kind) as caught:
        await awaited
    assert key == caught.value.key
    return caught.value


async def unknown(conn: Connection, age: timedelta = WINDOW) -> Reward:
    """An order whose fate nobody knows, sent so long ago."""
    reward = await walked(conn, "unknown")
    assert reward.sent_at is not None
    await conn.execute("UPDATE rewards SET sent_at = sent_at - $1::interval", age)
    await deny(conn, reward)
    return replace(reward, sent_at=reward.sent_at - age)


async def own_phone(conn: Connection, reward: Reward) -> None:
    """Eve's phone on the roster is the one that the reward goes to."""
    event = OfficerChanged(
        badge="P-7", name="夏", unit_code="u", active=True, phone_index=reward.phone_index,
        version=1,
    )  # fmt: skip
    await handlers.on_officer_changed(conn, event)


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("word", [YES, NO])
async def test_only_held_and_manual_rewards_wait_for_a_word(
    conn: Connection, state: State, word: Approval
) -> None:
    """Elsewhere the answer is no and names the state; here it is ready, or refused by hand."""
    reward = await walked(conn, state)
    if state not in ("held", "manual"):
        said = await refused(
            approvals.decide(conn, reward, ANN, word), Conflict, "refused.reward_not_decidable"
        )
        assert f"reward_{state}" in str(said.values["state"])
        assert reward == await rewards.get(conn, reward.id)
        return
    moved = await approvals.decide(conn, reward, ANN, word)
    wanted = ("ready", None) if word is YES else ("refused", "by_hand")
    assert wanted == (moved.state, moved.reason)
    last = (await history.list_of(conn, moved))[-1]
    assert ("ann", "看过") == (last["actor"], last["note"])


@pytest.mark.parametrize("state", get_args(State))
async def test_only_what_has_not_left_can_be_held(conn: Connection, state: State) -> None:
    """Out of ready (and out of deciding) a person may stop it; elsewhere the state is named."""
    reward = await walked(conn, state)
    if state not in ("ready", "eligible"):
        said = await refused(
            approvals.hold(conn, reward, ANN, "x"), Conflict, "refused.reward_not_holdable"
        )
        assert f"reward_{state}" in str(said.values["state"])
        return
    held = await approvals.hold(conn, reward, ANN, "x")
    assert ("held", "by_hand", "ann", None) == (held.state, held.reason, held.held_by, held.act_at)


@pytest.mark.parametrize("word", [YES, NO])
async def test_who_held_it_says_neither_yes_nor_no(conn: Connection, word: Approval) -> None:
    """The holder is refused by name of the rule; anybody else may decide."""
    held = await approvals.hold(conn, await walked(conn, "ready"), ANN, "odd")
    await refused(approvals.decide(conn, held, ANN, word), Forbidden, "refused.second_person")
    assert (await approvals.decide(conn, held, BEN, word)).state != "held"


@pytest.mark.parametrize("word", [YES, NO])
async def test_whoever_found_it_true_does_not_decide_it(conn: Connection, word: Approval) -> None:
    """Who submitted any of its verdicts, also one of before, is refused; a third person decides."""
    first = verified(verified_by="ann")
    await hear(conn, first)
    reward = await hear(conn, again(first, verified_by="ben"))
    assert reward is not None
    assert ("ann", "ben") == reward.verifiers
    held = await approvals.hold(conn, reward, EVE, "odd")
    for who in (ANN, BEN):
        await refused(
            approvals.decide(conn, held, who, word), Forbidden, "refused.reward_own_verdict"
        )
    third = replace(EVE, username="zoe")
    assert "held" != (await approvals.decide(conn, held, third, word)).state


async def test_a_hold_is_forgotten_once_released(conn: Connection) -> None:
    """Held by Ann, released by Ben, held by Ben: now Ann may release it and Ben may not."""
    held = await approvals.hold(conn, await walked(conn, "ready"), ANN, "odd")
    freed = await approvals.decide(conn, held, BEN, YES)
    assert freed.held_by is None
    again = await approvals.hold(conn, freed, BEN, "odd")
    await refused(approvals.decide(conn, again, BEN, YES), Forbidden, "refused.second_person")
    assert "ready" == (await approvals.decide(conn, again, ANN, YES)).state


@pytest.mark.parametrize("state", ["held", "manual"])
async def test_nobody_decides_about_their_own_phone(conn: Connection, state: State) -> None:
    """An approver whose roster phone would be topped up is refused, whatever the word."""
    reward = await walked(conn, state)
    await own_phone(conn, reward)
    for word in (YES, NO):
        await refused(approvals.decide(conn, reward, EVE, word), Forbidden, "refused.own_phone")
    assert "ready" == (await approvals.decide(conn, reward, ANN, YES)).state


async def test_nobody_signs_for_their_own_phone(conn: Connection) -> None:
    """A write-off frees a new order to that phone, so its owner does not sign it."""
    reward = await unknown(conn)
    await own_phone(conn, reward)
    await refused(approvals.write_off(conn, reward, EVE, "x", PACE), Forbidden, "refused.own_phone")
    assert [] == await orders.list_write_offs(conn, reward.order_id)


async def test_a_write_off_before_the_window_says_how_long(conn: Connection) -> None:
    """The refusal names the days to wait, and no signature is kept."""
    reward = await unknown(conn, WINDOW - timedelta(minutes=1))
    said = await refused(
        approvals.write_off(conn, reward, ANN, "x", PACE), Conflict, "refused.not_written_off"
    )
    assert 7 == said.values["days"]
    assert [] == await orders.list_write_offs(conn, reward.order_id)


@pytest.mark.parametrize("state", [s for s in get_args(State) if s not in WRITABLE_OFF])
async def test_only_an_open_order_is_signed_for(conn: Connection, state: State) -> None:
    """Whatever its age, what is neither unknown nor accepted is not written off."""
    reward = await walked(conn, state)
    if reward.sent_at:
        reward = replace(reward, sent_at=reward.sent_at - 2 * WINDOW)
    await refused(
        approvals.write_off(conn, reward, ANN, "x", PACE), Conflict, "refused.not_written_off"
    )


async def test_one_person_is_one_signature(conn: Connection) -> None:
    """Ann twice is still one; Ben makes it two, and both stand in the history."""
    reward = await unknown(conn)
    assert reward == await approvals.write_off(conn, reward, ANN, "x", PACE)
    await refused(
        approvals.write_off(conn, reward, ANN, "x", PACE), Conflict, "refused.signed_already"
    )
    freed = await approvals.write_off(conn, reward, BEN, "nothing there", PACE)
    assert ("rejected", True) == (freed.state, freed.retriable)
    last = (await history.list_of(conn, freed))[-1]
    assert ("written_off", "ann + ben", "nothing there") == (
        last["step"],
        last["actor"],
        last["note"],
    )


async def test_one_person_is_one_signature_on_every_day(conn: Connection) -> None:
    """Who comes back later has signed already; it is another name that counts, not another time."""
    reward = await unknown(conn)
    at = await rewards.get_now(conn)
    signed = [
        await orders.add_write_off(conn, reward.order_id, name, "x", at + timedelta(days=days))
        for days, name in enumerate(("ann", "ann", "ann", "ben"))
    ]
    assert [True, False, False, True] == signed
    assert ["ann", "ben"] == await orders.list_write_offs(conn, reward.order_id)


async def test_signatures_belong_to_one_order(conn: Connection) -> None:
    """Two signed for the first order; the second one, lost as well, needs two of its own."""
    first = await unknown(conn)
    for who in (ANN, BEN):
        freed = await approvals.write_off(conn, first, who, "x", PACE)
    reward = freed
    for step in ("retried", "leased", "lost"):
        reward = await stored(conn, reward, step)
    assert reward.sent_at is not None
    aged = replace(reward, sent_at=reward.sent_at - WINDOW)
    await deny(conn, aged)
    assert "unknown" == (await approvals.write_off(conn, aged, ANN, "x", PACE)).state
    assert ["ann", "ben"] == await orders.list_write_offs(conn, first.order_id)
    assert ["ann"] == await orders.list_write_offs(conn, reward.order_id)
