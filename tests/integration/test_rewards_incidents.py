"""Joined and parted cases: the caps of an incident hold for every reward that has not left."""

from collections import defaultdict
from functools import partial
from random import Random
from uuid import UUID, uuid4

import pytest

from services.rewards import handlers
from services.rewards.rules.payouts import Reward
from services.rewards.store import history, rewards
from shared.db import Connection
from shared.events import CaseVerified, IncidentChanged
from tests.integration.test_rewards_decisions import (
    POLICIES,
    RECEIVED,
    advance,
    again,
    hear,
    told,
    verified,
)

SERVICE = "rewards"
RULE = POLICIES.editions[0].reward
on_incident_changed = partial(handlers.on_incident_changed, POLICIES)


def moved(case_id: UUID, incident_id: UUID, version: int = 1) -> IncidentChanged:
    """A case belongs to another incident from now on."""
    return IncidentChanged(
        case_id=case_id, incident_id=incident_id, unit_code="u", received_at=RECEIVED,
        changed_at=RECEIVED, version=version,
    )  # fmt: skip


async def reward_of(conn: Connection, event: CaseVerified) -> Reward:
    """It is there."""
    found = await rewards.claim_by_case(conn, event.case_id)
    assert found is not None
    return found


async def states(conn: Connection, *events: CaseVerified) -> list[tuple[str, str | None]]:
    """Of each case's reward: state and reason."""
    found = [await reward_of(conn, event) for event in events]
    return [(reward.state, reward.reason) for reward in found]


async def test_a_join_holds_the_latest_beyond_the_cap(conn: Connection) -> None:
    """Four incidents with a reward each become one: three stay, the fourth waits for a person."""
    events = [verified() for _ in range(4)]
    for event in events:
        await hear(conn, event)
    for event in events[1:]:
        await on_incident_changed(conn, moved(event.case_id, events[0].incident_id))
    found = await states(conn, *events)
    assert [("held", "incident_cap"), *[("ready", None)] * 3] == sorted(found)
    assert "held" == (await told(conn))[-1]["decision"]


async def test_one_phone_is_rewarded_once_also_after_a_join(conn: Connection) -> None:
    """The same phone in two incidents that turn out to be one: the later one is held."""
    first = verified()
    second = verified(phone_index=first.phone_index, verified_at=RECEIVED.replace(hour=5))
    for event in (first, second):
        await hear(conn, event)
    await on_incident_changed(conn, moved(first.case_id, second.incident_id))
    assert [("ready", None), ("held", "phone_incident_cap")] == await states(conn, first, second)


async def test_a_split_frees_what_only_the_incident_held(conn: Connection) -> None:
    """Taken apart again, both are scheduled; the history shows each step."""
    first = verified()
    second = verified(incident_id=first.incident_id, phone_index=first.phone_index)
    for event in (first, second):
        await hear(conn, event)
    assert ("held", "phone_incident_cap") == (await states(conn, second))[0]
    await on_incident_changed(conn, moved(second.case_id, uuid4()))
    assert [("ready", None)] * 2 == await states(conn, first, second)
    steps = [t["step"] for t in await history.list_of(conn, await reward_of(conn, second))]
    assert ["held", "scheduled"] == steps


async def test_who_leaves_makes_room_for_who_stays(conn: Connection) -> None:
    """A ready one leaves the full incident: the one that was held there is scheduled."""
    incident = uuid4()
    events = [verified(incident_id=incident) for _ in range(4)]
    for event in events:
        await hear(conn, event)
    assert ("held", "incident_cap") == (await states(conn, events[3]))[0]
    await on_incident_changed(conn, moved(events[0].case_id, uuid4()))
    assert [("ready", None)] * 4 == await states(conn, *events)


@pytest.mark.parametrize("reason", ["by_hand", "roster_phone", "refused_before"])
async def test_what_a_person_must_look_at_is_not_freed_by_a_split(
    conn: Connection, reason: str
) -> None:
    """Only the incident's own caps let go by themselves."""
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    await conn.execute(
        "UPDATE rewards SET state = 'held', reason = $1, act_at = NULL WHERE id = $2",
        reason, reward.id,
    )  # fmt: skip
    await on_incident_changed(conn, moved(event.case_id, uuid4()))
    assert [("held", reason)] == await states(conn, event)


@pytest.mark.parametrize("steps", [("leased",), ("leased", "accepted"), ("leased", "paid")])
async def test_what_has_left_stays_and_counts(conn: Connection, steps: tuple[str, ...]) -> None:
    """A payment on its way is not touched by a join, and takes its place in the new incident."""
    first = verified()
    second = verified(phone_index=first.phone_index)
    await hear(conn, first)
    sent = await advance(conn, await reward_of(conn, first), *steps)  # type: ignore[arg-type]
    await hear(conn, second)
    await on_incident_changed(conn, moved(first.case_id, second.incident_id))
    now = await reward_of(conn, first)
    assert (sent.state, sent.version, second.incident_id) == (
        now.state, now.version, now.incident_id,
    )  # fmt: skip
    assert [("held", "phone_incident_cap")] == await states(conn, second)


async def test_an_answer_under_way_does_not_bring_the_old_incident_back(conn: Connection) -> None:
    """The job that sent it knows the reward of before; its move keeps the incident of now."""
    event, incident = verified(), uuid4()
    reward = await hear(conn, event)
    assert reward is not None
    sent = await advance(conn, reward, "leased")
    await on_incident_changed(conn, moved(event.case_id, incident))
    await advance(conn, sent, "accepted", "paid")
    assert incident == (await reward_of(conn, event)).incident_id


async def test_a_join_that_is_heard_before_the_verdict_counts(conn: Connection) -> None:
    """The verdict still names its old incident; the newer word stands, also for a later one."""
    first = verified()
    second = verified(phone_index=first.phone_index)
    await on_incident_changed(conn, moved(second.case_id, first.incident_id))
    for event in (first, second, again(second, 2, verdict="helped"), again(second, 3)):
        await hear(conn, event)
    assert [("ready", None), ("held", "phone_incident_cap")] == await states(conn, first, second)


@pytest.mark.parametrize("seed", range(10))
async def test_never_more_than_the_caps_in_any_order_of_delivery(
    conn: Connection, seed: int
) -> None:
    """Joins, splits, verdicts and payments shuffled: after each event every incident is within."""
    random = Random(seed)
    phones = [f"{n:032x}" for n in range(4)]
    first = [
        verified(phone_index=random.choice(phones), verified_at=RECEIVED.replace(minute=n))
        for n in range(8)
    ]
    own = {e.case_id: e.incident_id for e in first}
    versions = dict.fromkeys(own, 0)
    events: list[CaseVerified | IncidentChanged] = list(first)
    for _ in range(14):
        one, other = random.choice(first).case_id, random.choice(first).case_id
        target, left = (uuid4() if one == other else own[other]), own[one]
        for case in [one] if one == other else [c for c in own if own[c] == left]:
            own[case], versions[case] = target, versions[case] + 1
            events.append(moved(case, target, versions[case]))
    events += [again(e, 2, verdict="helped") for e in first[:2]] + [again(first[0], 3)]
    random.shuffle(events)
    for number, event in enumerate(events):
        if isinstance(event, CaseVerified):
            await hear(conn, event)
        else:
            await on_incident_changed(conn, event)
        await within_caps(conn)
        if number % 9 == 8:
            await send_one(conn)
    rows = await conn.fetch("SELECT case_id, incident_id FROM rewards")
    assert {r["case_id"]: own[r["case_id"]] for r in rows} == {
        r["case_id"]: r["incident_id"] for r in rows
    }


async def send_one(conn: Connection) -> None:
    """The vendor pays one that was ready."""
    case_id = await conn.fetchval(
        "SELECT case_id FROM rewards WHERE state = 'ready' ORDER BY id LIMIT 1"
    )
    if case_id and (reward := await rewards.claim_by_case(conn, case_id)):
        await advance(conn, reward, "leased", "paid")


async def within_caps(conn: Connection) -> None:
    """Counted by loops: with what has left, the ready ones never pass a cap; alone neither."""
    ready: defaultdict[UUID, list[str]] = defaultdict(list)
    left: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in await conn.fetch("SELECT incident_id, phone_index, state FROM rewards"):
        if row["state"] in ("ready", "paid"):
            kept = ready if row["state"] == "ready" else left
            kept[row["incident_id"]].append(row["phone_index"])
    for incident, phones in ready.items():
        assert len(phones) <= max(0, RULE.per_incident - len(left[incident]))
        for phone in set(phones):
            taken = left[incident].count(phone)
            assert phones.count(phone) <= max(0, RULE.per_phone_per_incident - taken)
