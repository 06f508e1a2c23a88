"""Whom a case may be about neither sees nor decides the reward that it earns."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.rewards import approvals
from services.rewards.rules.payouts import Pace
from services.rewards.store import rewards, usage
from services.rewards.views import Approval
from shared.access import Operator
from shared.db import Connection, Database, act_as
from shared.errors import Forbidden
from shared.policy import Odd
from tests.integration.rewards_desk import ANN, BEN, Desk, opened, token
from tests.integration.test_rewards_decisions import again, hear, verified

SERVICE = "rewards"
EVE = Operator("eve", "夏", "reward_approver", "city", "P-7")


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its approvers."""
    async with opened(database) as found:
        yield found


@pytest.mark.parametrize("told", [("P-7",), ("P7",), ("@eve", "P-8")])
async def test_the_reward_of_ones_own_case_is_not_there(desk: Desk, told: tuple[str, ...]) -> None:
    """In no list, by no address and for no act, as if there were none; others have it as before."""
    reward, other = await desk.earn(kept_from=told), await desk.earn()
    own = token("eve", badge="P-7")
    path = f"/api/v1/rewards/{reward.id}"
    status, listed = await desk.get("/api/v1/rewards", **own)
    assert (200, [str(other.id)]) == (status, [one["id"] for one in listed["rewards"]])
    assert 404 == (await desk.get(path, **own))[0]
    for name, body in (
        ("approvals", {"decision": "approve", "note": "x"}),
        ("holds", {"note": "x"}),
        ("write-offs", {"note": "x"}),
    ):
        assert 404 == (await desk.post(f"{path}/{name}", body, "eve", "P-7"))[0], name
    assert (200, 200) == ((await desk.get(path))[0], (await desk.post(f"{path}/holds", {
        "note": "x"}, ANN))[0])  # fmt: skip
    assert 200 == (await desk.approve(reward, "approve", BEN))[0]


async def test_whom_the_verdict_blames_is_kept_out_too(conn: Connection) -> None:
    """Also by a message of before, which says only whom it blames; a revision says it anew."""
    event = verified(attribution="officers", officers=("P-7",))
    first = await hear(conn, event)
    later = await hear(conn, again(event, officers=("P-8",), kept_from=("@ann",)))
    assert first is not None
    assert later is not None
    assert (("P-7",), ("@ann", "P-8")) == (first.kept_from, later.kept_from)


async def test_a_query_without_a_condition_leaks_no_reward(conn: Connection) -> None:
    """Row-level security hides it, its orders and its history, and lets nothing be changed."""
    reward = await hear(conn, verified(kept_from=("P-7",)))
    assert reward is not None
    await conn.execute("INSERT INTO units (unit_code, path, version) VALUES ('u', '{city,u}', 1)")
    await act_as(conn, EVE)
    for table in ("rewards", "payout_transitions"):
        assert 0 == await conn.fetchval(f"SELECT count(*) FROM {table}"), table
    assert "UPDATE 0" == await conn.execute("UPDATE rewards SET kept_from = '{}'")
    await act_as(conn, replace(EVE, username="ann", badge="P-9"))
    assert 1 == await conn.fetchval("SELECT count(*) FROM rewards")


async def test_the_code_refuses_as_well(conn: Connection) -> None:
    """Were the row seen all the same, its own officer still decides nothing about it."""
    reward = await hear(conn, verified(kept_from=("P7",)))
    assert reward is not None
    yes = Approval(decision="approve", note="x")
    for attempt in (
        approvals.decide(conn, reward, EVE, yes),
        approvals.hold(conn, reward, EVE, "x"),
        approvals.write_off(conn, reward, EVE, "x", Pace()),
    ):
        with pytest.raises(Forbidden, match="other_person"):
            await attempt
    assert reward == await rewards.get(conn, reward.id)


async def test_what_is_counted_and_capped_stays(conn: Connection) -> None:
    """A hidden reward takes its place in the budget and the incident like any other."""
    event = verified(kept_from=("P-7",))
    reward = await hear(conn, event)
    assert reward is not None
    own = await usage.get(conn, reward, Odd())
    other = await hear(conn, verified(incident_id=event.incident_id))
    assert other is not None
    mine = await usage.get(conn, other, Odd())
    assert (0, 1) == (own.incident, mine.incident)
    assert (0, 2000) == (own.month_fen, mine.month_fen)
