"""Rewards' handlers and store on a real database."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.rewards import handlers, moves
from services.rewards.rules.orders import Order
from services.rewards.rules.payouts import Reward, move
from services.rewards.rules.states import Step
from services.rewards.store import history, rewards
from shared import policy
from shared.db import Connection, Database
from shared.events import CaseVerified, OfficerChanged, UnitChanged
from shared.values.seal import Seal
from tests.vendors import AIRTIME

SERVICE = "rewards"
POLICIES = policy.load(Path("deploy/policy.toml"))
SEAL = Seal({"phone": {"1": bytes(32)}})
RECEIVED = datetime(2026, 3, 3, 2, tzinfo=UTC)
PHONES = (f"{n:032x}" for n in range(1, 10**6))


def verified(**changes: Any) -> CaseVerified:
    """A substantiated complaint of its own incident and phone."""
    values: dict[str, Any] = {
        "case_id": uuid4(),
        "submission_id": uuid4(),
        "incident_id": uuid4(),
        "revision": 1,
        "kind": "complaint",
        "unit_code": "u",
        "categories": ("other",),
        "verdict": "substantiated",
        "attribution": "unit",
        "officers": (),
        "answer_sealed": None,
        "phone_sealed": "1.sealed",
        "phone_index": next(PHONES),
        "language": "zh",
        "received_at": RECEIVED,
        "verified_at": RECEIVED,
    }
    return CaseVerified(**values | changes)


async def hear(conn: Connection, event: CaseVerified) -> Reward | None:
    """Handle a verdict; the reward of its case."""
    await handlers.on_case_verified(POLICIES, SEAL, conn, event)
    return await rewards.claim_by_case(conn, event.case_id)


async def told(conn: Connection) -> list[dict[str, Any]]:
    """The data of the events in the outbox, in order."""
    return [json.loads(r["body"])["data"] for r in await conn.fetch("SELECT * FROM outbox")]


def again(event: CaseVerified, revision: int = 2, **changes: Any) -> CaseVerified:
    """A later revision of the same case."""
    return event.model_copy(update={"revision": revision, **changes})


def made_by(leased: Reward, vendor: str) -> Order:
    """The order that leaves with a lease."""
    return Order(leased.order_id, vendor, "p-1", leased.amount_fen, leased.attempt)


async def advance(conn: Connection, reward: Reward, *steps: Step) -> Reward:
    """Walk a reward along some steps, as the jobs would."""
    for step in steps:
        now = await rewards.get_now(conn)
        rests = step in ("given_up", "reversed")
        moved = move(reward, step, now, act_at=None if rests else now)
        order = made_by(moved, AIRTIME.name) if step == "leased" else None
        assert await moves.save(conn, reward, moved, step, now, order=order)
        reward = moved
    return reward


async def deny(conn: Connection, reward: Reward) -> None:
    """The vendor does not have the present order, and its statements of all days are closed."""
    await conn.execute(
        "UPDATE orders SET last_answer = 'notfound', last_answer_at = mashang_now()"
        " WHERE order_id = $1",
        reward.order_id,
    )
    await conn.execute(
        """INSERT INTO statements (vendor, day, opened_at, closed_at)
           SELECT vendor, '2000-01-01', '2000-01-01', '2100-01-01' FROM orders WHERE order_id = $1
           ON CONFLICT DO NOTHING""",
        reward.order_id,
    )


async def test_a_reward_knows_its_unit_and_the_unit_its_place(conn: Connection) -> None:
    """Who may see a reward follows from the case's unit and the newest path of that unit."""
    for version, above in ((2, "north"), (1, "south")):
        moved = UnitChanged(
            unit_code="u", name="x", parent="y", path=("root", above, "u"), kind="vehicle",
            counters=1, active=True, version=version,
        )  # fmt: skip
        await handlers.on_unit_changed(conn, moved)
    reward = await hear(conn, verified(unit_code="u"))
    assert reward is not None
    assert "u" == reward.unit_code
    below = await conn.fetchval(
        """SELECT count(*) FROM rewards
           WHERE unit_code IN (SELECT unit_code FROM units WHERE path @> ARRAY['north'])"""
    )
    assert 1 == below


async def test_a_substantiated_complaint_is_scheduled(conn: Connection) -> None:
    """The reward is ready at once, and one event says so with amount and due time."""
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    assert ("ready", 2000) == (reward.state, reward.amount_fen)
    (said,) = await told(conn)
    assert ("scheduled", None) == (said["decision"], said["reason"])
    assert (str(event.case_id), 1) == (said["case_id"], said["version"])
    assert ["scheduled"] == [t["step"] for t in await history.list_of(conn, reward)]


@pytest.mark.parametrize(
    "changes",
    [{"verdict": "unsubstantiated"}, {"kind": "request"}, {"phone_index": None}],
)
async def test_the_others_get_none(conn: Connection, changes: dict[str, Any]) -> None:
    """Without a claim there is no reward and no event."""
    assert await hear(conn, verified(**changes)) is None
    assert [] == await told(conn)


async def test_a_repeated_verdict_changes_nothing(conn: Connection) -> None:
    """The same revision under another event id makes no second reward and no second event."""
    event = verified()
    await hear(conn, event)
    await hear(conn, event)
    assert 1 == len(await told(conn))


async def test_an_older_verdict_that_comes_late_is_ignored(conn: Connection) -> None:
    """Revision 2 took the claim away; revision 1 arriving afterwards does not pay."""
    event = verified()
    assert await hear(conn, again(event, verdict="unsubstantiated")) is None
    assert await hear(conn, event) is None


async def test_a_later_verdict_can_earn_the_reward(conn: Connection) -> None:
    """Unsubstantiated first, partly afterwards: made, due from the later verdict."""
    event = verified(verdict="unsubstantiated")
    await hear(conn, event)
    later = RECEIVED + timedelta(days=3)
    reward = await hear(conn, again(event, verdict="partly", verified_at=later))
    assert reward is not None
    assert datetime(2026, 3, 8, 16, tzinfo=UTC) == reward.due_at


async def test_a_withdrawn_reward_is_refused_and_may_come_back(conn: Connection) -> None:
    """Ready → refused with the changed verdict → scheduled again with the next."""
    event = verified()
    await hear(conn, event)
    refused = await hear(conn, again(event, 2, verdict="helped"))
    assert refused is not None
    assert ("refused", "verdict_changed") == (refused.state, refused.reason)
    back = await hear(conn, again(event, 3, verdict="partly"))
    assert back is not None
    assert "ready" == back.state
    said = [(e["decision"], e["reason"]) for e in await told(conn)]
    assert [("scheduled", None), ("refused", "verdict_changed"), ("scheduled", None)] == said
    assert [1, 2, 4] == [e["version"] for e in await told(conn)]


@pytest.mark.parametrize("first", [1, 2])
async def test_an_officers_appeal_takes_nothing_back(conn: Connection, first: int) -> None:
    """Unfounded after an appeal: the reward stays due, in whichever order it is heard.

    A verdict after that which follows from something else takes it back as always.
    """
    event = verified()
    appealed = again(event, verdict="unsubstantiated", overturned="substantiated")
    for one in (event, appealed) if first == 1 else (appealed, event):
        reward = await hear(conn, one)
    assert reward is not None
    assert "ready" == reward.state
    reward = await hear(conn, again(event, 3, verdict="unsubstantiated"))
    assert reward is not None
    assert "refused" == reward.state
    partly = again(event, 4, verdict="unsubstantiated", overturned="helped")
    assert "refused" == (await hear(conn, partly) or reward).state


async def test_what_a_person_refused_comes_back_held(conn: Connection) -> None:
    """A new verdict does not pay by itself what somebody refused by hand."""
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    now = await rewards.get_now(conn)
    refused = move(reward, "refused", now, reason="by_hand")
    await moves.save(conn, reward, refused, "refused", now)
    back = await hear(conn, again(event, verdict="partly"))
    assert back is not None
    assert ("held", "refused_before") == (back.state, back.reason)


SENT: list[tuple[Step, ...]] = [
    ("leased",),
    ("leased", "lost"),
    ("leased", "accepted"),
    ("leased", "paid"),
    ("leased", "paid", "reversed"),
]


@pytest.mark.parametrize("steps", SENT)
async def test_what_may_have_left_stays_and_remembers(
    conn: Connection, steps: tuple[Step, ...]
) -> None:
    """A changed verdict moves no reward that the vendor may have executed (rule 15).

    It is noted once, stands in the history, and is forgotten when the reward is earned again.
    """
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    sent = await advance(conn, reward, *steps)
    noted = await hear(conn, again(event, verdict="unsubstantiated"))
    assert noted is not None
    assert noted.withdrawn_at is not None
    assert replace(sent, version=noted.version, withdrawn_at=noted.withdrawn_at) == noted
    assert "withdrawn" == (await history.list_of(conn, noted))[-1]["step"]
    assert noted == await hear(conn, again(event, 3, verdict="helped"))
    back = await hear(conn, again(event, 4, verdict="partly"))
    assert replace(sent, version=noted.version + 1) == back
    open_still = sent.state not in ("paid", "reversed")
    decided = [said["decision"] for said in await told(conn) if "decision" in said]
    assert (["withdrawn", "scheduled"] if open_still else []) == decided[1:]


@pytest.mark.parametrize("steps", [("leased", "rejected"), ("leased", "rejected", "given_up")])
async def test_what_surely_failed_can_be_withdrawn(
    conn: Connection, steps: tuple[Step, ...]
) -> None:
    """A rejected or manual reward is refused, and can be earned and ordered again."""
    event = verified()
    reward = await hear(conn, event)
    assert reward is not None
    await advance(conn, reward, *steps)
    refused = await hear(conn, again(event, verdict="helped"))
    assert refused is not None
    assert "refused" == refused.state
    back = await hear(conn, again(event, 3, verdict="partly"))
    assert back is not None
    assert 2 == (await advance(conn, back, "leased")).attempt


async def test_the_third_of_an_incident_is_the_last(conn: Connection) -> None:
    """Three phones of one incident are rewarded, the fourth is held."""
    incident = uuid4()
    made = [await hear(conn, verified(incident_id=incident)) for _ in range(4)]
    assert ["ready"] * 3 + ["held"] == [r and r.state for r in made]
    assert made[3] is not None
    assert "incident_cap" == made[3].reason


async def test_one_reward_per_phone_and_incident(conn: Connection) -> None:
    """The same phone about the same thing is held the second time."""
    first = verified()
    await hear(conn, first)
    second = await hear(
        conn, verified(incident_id=first.incident_id, phone_index=first.phone_index)
    )
    assert second is not None
    assert ("held", "phone_incident_cap") == (second.state, second.reason)


async def test_a_phone_gets_three_a_month(conn: Connection) -> None:
    """60 yuan a month; the fourth is held, and one of the next month is not."""
    phone = next(PHONES)
    made = [await hear(conn, verified(phone_index=phone)) for _ in range(4)]
    assert "phone_month_cap" == (made[3] and made[3].reason)
    april = RECEIVED + timedelta(days=31)
    later = await hear(conn, verified(phone_index=phone, received_at=april, verified_at=april))
    assert "ready" == (later and later.state)


async def test_held_and_refused_ones_take_no_place(conn: Connection) -> None:
    """After a withdrawal the place is free again."""
    incident = uuid4()
    events = [verified(incident_id=incident) for _ in range(3)]
    for event in events:
        await hear(conn, event)
    await hear(conn, again(events[0], verdict="helped"))
    fourth = await hear(conn, verified(incident_id=incident))
    assert "ready" == (fourth and fourth.state)


async def test_a_roster_phone_is_held(conn: Connection) -> None:
    """An active officer's phone is held; one of an officer who left is not."""
    phone, left = next(PHONES), next(PHONES)
    for badge, index, active in (("1", phone, True), ("2", left, False)):
        await handlers.on_officer_changed(
            conn,
            OfficerChanged(
                badge=badge, name="x", unit_code="u", active=active, phone_index=index, version=1
            ),
        )
    held = await hear(conn, verified(phone_index=phone))
    free = await hear(conn, verified(phone_index=left))
    assert ("held", "roster_phone") == (held and held.state, held and held.reason)
    assert "ready" == (free and free.state)


async def test_an_older_roster_entry_is_ignored(conn: Connection) -> None:
    """Version 1 arriving after version 2 does not bring the old phone back."""
    old, new = next(PHONES), next(PHONES)
    for version, phone in ((2, new), (1, old)):
        await handlers.on_officer_changed(
            conn,
            OfficerChanged(
                badge="1", name="x", unit_code="u", active=True, phone_index=phone, version=version
            ),
        )
    free, held = [await hear(conn, verified(phone_index=phone)) for phone in (old, new)]
    assert ("ready", "held") == (free and free.state, held and held.state)


async def test_two_cases_at_once_do_not_share_the_last_place(database: Database) -> None:
    """Twelve cases of one incident, each in its own transaction: exactly three scheduled."""
    incident = uuid4()

    async def one() -> None:
        async with database.transaction() as conn:
            await hear(conn, verified(incident_id=incident))

    await asyncio.gather(*(one() for _ in range(12)))
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT state, count(*) FROM rewards GROUP BY state")
    assert {"ready": 3, "held": 9} == {r["state"]: r["count"] for r in rows}


Breaks = Callable[[Connection, UUID], Awaitable[Any]]


async def _second_order(conn: Connection, reward_id: UUID) -> None:
    await conn.execute(
        "INSERT INTO orders SELECT 'another0', reward_id, 99, vendor, amount_fen, opened_at"
        " FROM orders WHERE reward_id = $1",
        reward_id,
    )


def _sql(statement: str) -> Breaks:
    return lambda conn, reward_id: conn.execute(statement, reward_id)


@pytest.mark.parametrize(
    ("constraint", "breaks"),
    [
        ("orders_one_live", _second_order),
        ("rewards_amount", _sql("UPDATE rewards SET amount_fen = 0 WHERE id = $1")),
        ("rewards_paid_at", _sql("UPDATE rewards SET state = 'paid' WHERE id = $1")),
        (
            "rewards_reversed_at",
            _sql("UPDATE rewards SET state = 'reversed', act_at = NULL WHERE id = $1"),
        ),
        ("rewards_unknown_at", _sql("UPDATE rewards SET state = 'unknown' WHERE id = $1")),
        (
            "rewards_state_known",
            _sql("UPDATE rewards SET state = 'lost', act_at = NULL WHERE id = $1"),
        ),
        ("rewards_act_at", _sql("UPDATE rewards SET act_at = NULL WHERE id = $1")),
        ("orders_closed_at", _sql("UPDATE orders SET outcome = 'paid' WHERE reward_id = $1")),
        ("orders_amount", _sql("UPDATE orders SET amount_fen = -1 WHERE reward_id = $1")),
        ("payout_transitions", _sql("DELETE FROM payout_transitions WHERE reward_id = $1")),
        (
            "payout_transitions",
            _sql("UPDATE payout_transitions SET note = 'x' WHERE reward_id = $1"),
        ),
        ("rewards", _sql("DELETE FROM rewards WHERE id = $1")),
    ],
)
async def test_the_database_refuses(conn: Connection, constraint: str, breaks: Breaks) -> None:
    """No defect can store a second live order, a wrong amount or a rewritten past."""
    reward = await hear(conn, verified())
    assert reward is not None
    await advance(conn, reward, "leased")
    with pytest.raises(asyncpg.PostgresError) as caught:
        await breaks(conn, reward.id)
    assert constraint in str(caught.value)


@pytest.mark.parametrize("steps", [("leased", "lost"), ("leased", "paid"), ("leased", "accepted")])
async def test_no_second_order_while_one_may_live(
    conn: Connection, steps: tuple[Step, ...]
) -> None:
    """The index holds for unknown, accepted and paid orders alike."""
    reward = await hear(conn, verified())
    assert reward is not None
    await advance(conn, reward, *steps)
    with pytest.raises(asyncpg.UniqueViolationError, match="orders_one_live"):
        await _second_order(conn, reward.id)


async def test_of_two_moves_one_loses(conn: Connection) -> None:
    """A move over an old version changes nothing and says so."""
    reward = await hear(conn, verified())
    assert reward is not None
    await advance(conn, reward, "leased")
    now = await rewards.get_now(conn)
    assert not await moves.save(conn, reward, move(reward, "leased", now, now), "leased", now)
    assert 2 == len(await history.list_of(conn, reward))


async def test_paid_is_told_once(database: Database) -> None:
    """Two answers at the same moment both say paid: one event."""
    async with database.transaction() as conn:
        reward = await hear(conn, verified())
        assert reward is not None
        sent = await advance(conn, reward, "leased")

    async def settle() -> None:
        async with database.transaction() as conn:
            now = await rewards.get_now(conn)
            await moves.save(conn, sent, move(sent, "paid", now, now), "paid", now)

    await asyncio.gather(*(settle() for _ in range(5)))
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT type FROM outbox ORDER BY seq")
    assert ["reward.decided.v1", "reward.paid.v1"] == [row["type"] for row in rows]


@pytest.mark.parametrize(
    ("number", "earned"),
    [("+8613977770100", True), ("+8617012345678", False), ("+8613491234567", False),
     ("+863962912345;ext=802", False), ("+85291234567", False)],
)  # fmt: skip
async def test_no_reward_is_promised_to_a_phone_that_gets_no_airtime(
    conn: Connection, number: str, earned: bool
) -> None:
    """Nothing is scheduled, told or left to a person; its citizen knew from the receipt."""
    submission = uuid4()
    sealed = SEAL.close(number, f"phone:{submission}")
    reward = await hear(conn, verified(submission_id=submission, phone_sealed=sealed))
    assert earned == (reward is not None)
    assert earned == bool(await told(conn))
