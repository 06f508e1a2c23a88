"""Every move of the table on a real database, and every order in which verdicts can arrive."""

from collections import deque
from itertools import permutations, product
from typing import Any, get_args

import pytest

from services.rewards import handlers, moves
from services.rewards.rules import entitlement
from services.rewards.rules.payouts import Reward, move
from services.rewards.rules.states import MOVES, IllegalMove, State, Step
from services.rewards.store import history, orders, rewards
from shared.db import Connection
from shared.events import CaseVerified
from tests.integration.test_rewards_decisions import (
    POLICIES,
    RECEIVED,
    SEAL,
    again,
    made_by,
    verified,
)

SERVICE = "rewards"
WAITING = ("ready", "submitting", "accepted", "unknown", "rejected", "paid")
EDITION = POLICIES.at(RECEIVED)


async def made(conn: Connection, event: CaseVerified | None = None) -> Reward:
    """A stored reward on which nothing is decided."""
    fresh = entitlement.new_reward(event or verified(), EDITION.reward, EDITION.zone, "")
    await rewards.add(conn, fresh)
    return fresh


async def stored(conn: Connection, reward: Reward, step: Step, reason: str = "by_hand") -> Reward:
    """One step further, as the service saves it."""
    now = await rewards.get_now(conn)
    moved = move(reward, step, now)
    moved = move(
        reward,
        step,
        now,
        act_at=now if moved.state in WAITING else None,
        reason=reason if moved.state in ("held", "refused") else None,
    )
    order = made_by(moved, "somebody") if step == "leased" else None
    assert await moves.save(conn, reward, moved, step, now, code="c", order=order)
    return moved


def way_to(state: State) -> tuple[Step, ...]:
    """The shortest steps from eligible to a state."""
    ways: dict[State, tuple[Step, ...]] = {"eligible": ()}
    waiting: deque[State] = deque(["eligible"])
    while waiting:
        here = waiting.popleft()
        for (at, step), to in MOVES.items():
            if at == here and to not in ways:
                ways[to] = (*ways[here], step)
                waiting.append(to)
    return ways[state]


async def walked(conn: Connection, state: State) -> Reward:
    """A reward that came to a state the shortest way."""
    reward = await made(conn)
    for step in way_to(state):
        reward = await stored(conn, reward, step)
    return reward


@pytest.mark.parametrize(("state", "step"), MOVES)
async def test_every_move_of_the_table_can_be_stored(
    conn: Connection, state: State, step: Step
) -> None:
    """The database takes it, the history tells it, and the row reads back as it was meant."""
    before = await walked(conn, state)
    moved = await stored(conn, before, step)
    assert moved == await rewards.get(conn, moved.id)
    last = (await history.list_of(conn, moved))[-1]
    assert (state, step, moved.state) == (last["from_state"], last["step"], last["to_state"])
    assert [moved.version] == [last["version"]]


@pytest.mark.parametrize("state", get_args(State))
async def test_every_other_step_leaves_no_trace(conn: Connection, state: State) -> None:
    """An illegal step is refused before anything is written: row, history and news stay."""
    before = await walked(conn, state)
    told = await conn.fetchval("SELECT count(*) FROM outbox")
    for step in get_args(Step):
        if (state, step) not in MOVES:
            with pytest.raises(IllegalMove, match=f"'{step}' out of '{state}'"):
                await stored(conn, before, step)
    assert before == await rewards.get(conn, before.id)
    assert before.version == len(await history.list_of(conn, before))
    assert told == await conn.fetchval("SELECT count(*) FROM outbox")


CLOSED = {"paid": "paid", "rejected": "rejected", "written_off": "rejected", "reversed": "reversed"}
FROM_ORDERS = [(s, p) for s, p in MOVES if s in ("submitting", "accepted", "unknown", "paid")]


@pytest.mark.parametrize(("state", "step"), FROM_ORDERS)
async def test_an_order_is_closed_exactly_by_its_end(
    conn: Connection, state: State, step: Step
) -> None:
    """Paid, refused, written off and reversed close it with a date; no other word does."""
    moved = await stored(conn, await walked(conn, state), step)
    (order,) = await orders.list_of(conn, moved)
    before = "paid" if state == "paid" else None
    assert CLOSED.get(step, before) == order["outcome"]
    assert (order["outcome"] is None) == (order["closed_at"] is None)
    assert "c" == order["code"]


TOLD = {
    "scheduled": "reward.decided.v1", "approved": "reward.decided.v1",
    "held": "reward.decided.v1", "refused": "reward.decided.v1",
    "given_up": "reward.decided.v1", "paid": "reward.paid.v1",
    "reversed": "reward.reversed.v1",
}  # fmt: skip


@pytest.mark.parametrize(("state", "step"), MOVES)
async def test_each_move_tells_what_others_must_know_once(
    conn: Connection, state: State, step: Step
) -> None:
    """Decisions, payments and reversals are published, the work between them is not."""
    before = await walked(conn, state)
    await conn.execute("DELETE FROM outbox")
    await stored(conn, before, step)
    types = [row["type"] for row in await conn.fetch("SELECT type FROM outbox")]
    assert ([TOLD[step]] if step in TOLD else []) == types


Verdicts = tuple[str, ...]
THREE = tuple(product(("substantiated", "partly", "unsubstantiated"), repeat=3))


async def heard(conn: Connection, events: list[CaseVerified]) -> Reward | None:
    """The reward of the case after these verdicts, in this order; then as if nothing had been."""
    transaction = conn.transaction()
    await transaction.start()
    for event in events:
        await handlers.on_case_verified(POLICIES, SEAL, conn, event)
    reward = await rewards.claim_by_case(conn, events[0].case_id)
    await transaction.rollback()
    return reward


def as_decided(reward: Reward | None) -> Any:
    """What a citizen and an approver would notice; nothing may be owed either way."""
    if reward is None or reward.state == "refused":
        return None
    return reward.id, reward.state, reward.reason, reward.amount_fen, reward.attempt


@pytest.mark.parametrize("verdicts", THREE, ids="-".join)
async def test_any_order_of_revisions_ends_in_the_same_reward(
    conn: Connection, verdicts: Verdicts
) -> None:
    """Three revisions in all six orders, each once more at the end: what the highest one earns."""
    first = verified()
    events = [again(first, n, verdict=verdict) for n, verdict in enumerate(verdicts, 1)]
    ends = {as_decided(await heard(conn, [*p, *p])) for p in permutations(events)}
    earned = (entitlement.reward_id(first.case_id), "ready", None, 2000, 0)
    assert {None if verdicts[-1] == "unsubstantiated" else earned} == ends


async def test_a_reward_that_was_held_comes_back_by_the_caps_of_that_day(conn: Connection) -> None:
    """Withdrawn and earned again while the incident's places are free: no longer held."""
    three = [verified(incident_id=verified().incident_id)]
    three += [verified(incident_id=three[0].incident_id) for _ in range(3)]
    for event in three:
        await handlers.on_case_verified(POLICIES, SEAL, conn, event)
    *others, last = three
    held = await rewards.claim_by_case(conn, last.case_id)
    assert held is not None
    assert ("held", "incident_cap") == (held.state, held.reason)
    for event in (again(last, 2, verdict="helped"), again(others[0], 2, verdict="helped")):
        await handlers.on_case_verified(POLICIES, SEAL, conn, event)
    await handlers.on_case_verified(POLICIES, SEAL, conn, again(last, 3))
    back = await rewards.claim_by_case(conn, last.case_id)
    assert "ready" == (back and back.state)


async def test_a_renewed_reward_belongs_to_the_new_verdict(conn: Connection) -> None:
    """Incident, phone and due date are those of the verdict that earned it again."""
    first = verified()
    newest = again(first, 3, incident_id=verified().incident_id, phone_sealed="1.other")
    for event in (first, again(first, 2, verdict="helped"), newest):
        await handlers.on_case_verified(POLICIES, SEAL, conn, event)
    reward = await rewards.claim_by_case(conn, first.case_id)
    assert reward is not None
    assert (newest.incident_id, "1.other") == (reward.incident_id, reward.phone_sealed)


async def test_a_case_has_one_reward_in_the_database_too(conn: Connection) -> None:
    """A second row for the same case is refused by name, whoever would write it."""
    event = verified()
    await made(conn, event)
    with pytest.raises(Exception, match=r"rewards_(case_key|pkey)"):
        await made(conn, event)
