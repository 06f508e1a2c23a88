"""Rewards over HTTP: figures, reports, and what the approvers may do."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.rewards.rules.states import Step
from services.rewards.store import rewards
from services.rewards.watching import observe
from shared import statements
from shared.access import Operator
from shared.db import Database
from shared.values import clock
from tests.integration.rewards_desk import ANN, BEN, PHONE, Desk, opened, token
from tests.integration.test_rewards_decisions import advance, again, deny, hear, verified
from tests.vendors import AIRTIME, report_path

SERVICE = "rewards"
PATH = report_path(AIRTIME)
NOWHERE = "01930000-0000-7000-8000-00000000dead"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def test_figures_count_every_reward_once(desk: Desk) -> None:
    """Each reward is in exactly one count, and paid_fen is the money."""
    await desk.held()
    await desk.earn("leased", "paid")
    await desk.earn("leased", "lost")
    await desk.earn("leased", "paid", "reversed")
    await desk.earn("leased", "rejected", "given_up")
    await desk.earn("leased", "rejected")
    status, figures = await desk.get("/api/v1/figures", **token("leader", "leadership"))
    assert 200 == status
    assert {
        "scheduled": 4, "held": 1, "refused": 0, "paid": 1, "paid_fen": 2000, "unknown": 1,
        "manual": 1, "reversed": 1,
    } == figures  # fmt: skip


async def test_a_reward_is_shown_with_its_history_and_a_masked_phone(desk: Desk) -> None:
    """Orders, transitions and 138****4488; the number and its seal nowhere."""
    reward = await desk.earn("leased", "accepted")
    status, shown = await desk.get(f"/api/v1/rewards/{reward.id}")
    assert (200, "138****4488", "accepted") == (status, shown["phone"], shown["state"])
    assert ["scheduled", "leased", "accepted"] == [t["step"] for t in shown["transitions"]]
    assert [reward.order_id] == [o["order_id"] for o in shown["orders"]]
    assert PHONE[3:] not in str(shown)
    assert reward.phone_sealed not in str(shown)


async def test_pages_of_rewards(desk: Desk) -> None:
    """Newest first, 50 at a time, each once, filtered by state."""
    made = await desk.earn_many(52)
    _, first = await desk.get("/api/v1/rewards?state=ready")
    _, second = await desk.get(f"/api/v1/rewards?state=ready&cursor={first['next']}")
    seen = [r["id"] for r in first["rewards"] + second["rewards"]]
    assert [str(r.id) for r in reversed(made)] == seen
    assert second["next"] is None
    assert (200, []) == ((r := await desk.get("/api/v1/rewards?state=paid"))[0], r[1]["rewards"])


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/api/v1/rewards?state=lost", 422, "state"),
        ("/api/v1/rewards?cursor=-1", 422, "cursor"),
        (f"/api/v1/rewards?cursor={'9' * 30}", 422, "cursor"),
        ("/api/v1/rewards/nonsense", 404, None),
        (f"/api/v1/rewards/{NOWHERE}", 404, None),
    ],
)
async def test_wrong_questions(desk: Desk, path: str, status: int, field: str | None) -> None:
    """A problem that names the field, or says that there is nothing."""
    got, problem = await desk.get(path)
    assert status == got
    assert field is None or field == problem["errors"][0]["field"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/rewards"),
        ("GET", "/api/v1/rewards/{id}"),
        ("POST", "/api/v1/rewards/{id}/approvals"),
        ("POST", "/api/v1/rewards/{id}/holds"),
        ("POST", "/api/v1/rewards/{id}/write-offs"),
    ],
)
async def test_who_may(desk: Desk, method: str, path: str) -> None:
    """Nobody without a token, with an expired or a foreign one, or with another role."""
    reward = await desk.held()
    path = path.format(id=reward.id)
    body = {"decision": "approve", "note": "x"} if "approvals" in path else {"note": "x"}
    clock.set_offset(-timedelta(hours=1))
    late = token("ann")
    clock.set_offset(timedelta())
    foreign = Operator("ann", "ann", "reward_approver", "city")
    forged = {"Authorization": f"Bearer {statements.issue(foreign, bytes(32))}"}
    refused: list[tuple[dict[str, str], int]] = [
        ({}, 401),
        (late, 401),
        (forged, 401),
        (token("u", "unit_operator"), 403),
        (token("c", "county_supervisor"), 403),
    ]
    if method == "POST":
        refused += [(token("a", "auditor"), 403), (token("r", "system_admin"), 403)]
    for headers, status in refused:
        async with desk.client.request(method, path, headers=headers, json=body) as response:
            assert status == response.status
    async with desk.database.acquire() as conn:
        assert reward == await rewards.get(conn, reward.id)


async def test_a_held_reward_is_approved(desk: Desk) -> None:
    """A second person's word makes it ready, with name and note in the history."""
    reward = await desk.held()
    status, shown = await desk.approve(reward, "approve", ANN)
    assert (200, "ready", None) == (status, shown["state"], shown["reason"])
    last = shown["transitions"][-1]
    assert ("approved", "ann", "looked into it") == (last["step"], last["actor"], last["note"])
    assert 409 == (await desk.approve(reward, "approve", BEN))[0]


async def test_a_held_reward_is_refused(desk: Desk) -> None:
    """Refused by hand, for good."""
    status, shown = await desk.approve(await desk.held(), "refuse", ANN)
    assert (200, "refused", "by_hand") == (status, shown["state"], shown["reason"])


async def test_who_held_it_cannot_release_it(desk: Desk) -> None:
    """Held by Ann: Ann is refused, Ben may."""
    reward = await desk.earn()
    status, _ = await desk.post(f"/api/v1/rewards/{reward.id}/holds", {"note": "odd"}, ANN)
    assert 200 == status
    assert 403 == (await desk.approve(reward, "approve", ANN))[0]
    assert 200 == (await desk.approve(reward, "approve", BEN))[0]


async def test_what_has_left_cannot_be_held(desk: Desk) -> None:
    """A submitted reward is not stopped any more."""
    reward = await desk.earn("leased")
    status, _ = await desk.post(f"/api/v1/rewards/{reward.id}/holds", {"note": "odd"}, ANN)
    assert 409 == status


async def test_nobody_approves_his_own(desk: Desk) -> None:
    """An approver whose roster phone gets the money is refused."""
    async with desk.database.acquire() as conn:
        reward = await desk.earn()
        await conn.execute("INSERT INTO officers VALUES ('p7', $1, true, 1)", reward.phone_index)
    held = await desk.earn(phone_index=reward.phone_index)
    assert "roster_phone" == held.reason
    assert 403 == (await desk.approve(held, "approve", ANN, badge="p7"))[0]


async def test_a_manual_reward_is_ordered_again(desk: Desk) -> None:
    """After a definite failure a person may send a new order."""
    reward = await desk.earn("leased", "rejected", "given_up")
    status, shown = await desk.approve(reward, "approve", ANN)
    assert (200, "ready") == (status, shown["state"])


async def test_two_people_write_off_an_unknown_order(desk: Desk) -> None:
    """One signature changes nothing, the same person cannot sign twice, the second one frees it."""
    reward = await desk.earn("leased", "lost")
    assert 409 == (await desk.write_off(reward, ANN))[0]
    await desk.age(reward, 8)
    assert 409 == (await desk.write_off(reward, ANN))[0]
    async with desk.database.transaction() as conn:
        await deny(conn, reward)
    status, shown = await desk.write_off(reward, ANN)
    assert (200, "unknown", ["ann"]) == (status, shown["state"], shown["write_offs"])
    assert 409 == (await desk.write_off(reward, ANN))[0]
    status, shown = await desk.write_off(reward, BEN)
    assert (200, "rejected") == (status, shown["state"])
    assert "ann + ben" == shown["transitions"][-1]["actor"]
    assert ["rejected"] == [o["outcome"] for o in shown["orders"]]


@pytest.mark.parametrize("steps", [("leased",), ("leased", "accepted"), ("leased", "paid")])
async def test_only_what_is_unknown_is_written_off(desk: Desk, steps: tuple[Step, ...]) -> None:
    """Neither a running, nor an accepted, nor a paid order."""
    reward = await desk.earn(*steps)
    await desk.age(reward, 30)
    assert 409 == (await desk.write_off(reward, ANN))[0]


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "approve"},
        {"decision": "pay", "note": "x"},
        {"decision": "approve", "note": "  "},
        {"decision": "approve", "note": "x" * 501},
        {"decision": "approve", "note": "\x00 \x0b"},
        {"decision": "approve", "note": "x", "amount_fen": 1},
        [],
    ],
)
async def test_a_wrong_approval_names_the_field(desk: Desk, body: Any) -> None:
    """422, and the reward stays held."""
    reward = await desk.held()
    status, _ = await desk.post(f"/api/v1/rewards/{reward.id}/approvals", body, ANN)
    assert 422 == status
    _, shown = await desk.get(f"/api/v1/rewards/{reward.id}")
    assert "held" == shown["state"]


def told(order_id: str) -> bytes:
    """A report about an order, that claims the worst."""
    return json.dumps(AIRTIME.customer.report(order_id)).encode()


async def report(desk: Desk, body: bytes, path: str = PATH) -> int:
    """The status of a report."""
    async with desk.client.post(path, data=body) as response:
        return response.status


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (told("nobodysorder"), f"/reports/{AIRTIME.name}/wrong", 404),
        (told("nobodysorder"), f"/reports/{AIRTIME.name}/%E4%B8%AD", 404),
        (told("nobodysorder"), PATH.replace(AIRTIME.name, "stranger"), 404),
        (told("nobodysorder"), f"/reports/{AIRTIME.name}/", 404),
        (b"", PATH, 400),
        (b"\xff\x00", PATH, 400),
        (b"{", PATH, 400),
        (told("nobodysorder"), PATH, 200),
        (b" " * 70_000, PATH, 413),
    ],
)
async def test_reports_at_the_door(desk: Desk, body: bytes, path: str, status: int) -> None:
    """A wrong address is 404, nonsense 400, too much 413; a stranger's order changes nothing."""
    assert status == await report(desk, body, path)


@pytest.mark.parametrize("steps", [("leased", "accepted"), ("leased", "lost"), ("leased", "paid")])
async def test_a_report_changes_only_when_to_ask(desk: Desk, steps: tuple[Step, ...]) -> None:
    """Whatever it claims, state and version stay and the question is due now."""
    reward = await desk.earn(*steps)
    async with desk.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET act_at = now() + interval '1 hour'")
    assert 200 == await report(desk, told(reward.order_id))
    async with desk.database.acquire() as conn:
        stored = await rewards.get(conn, reward.id)
        now = await rewards.get_now(conn)
    assert stored is not None
    assert (reward.state, reward.version) == (stored.state, stored.version)
    assert stored.act_at is not None
    assert stored.act_at <= now


async def test_a_report_of_an_older_order_is_not_taken(desk: Desk) -> None:
    """A report about a rejected attempt does not disturb the present one."""
    first = await desk.earn("leased", "rejected")
    async with desk.database.transaction() as conn:
        second = await advance(conn, first, "retried", "leased", "accepted")
    assert first.order_id != second.order_id
    assert 200 == await report(desk, told(first.order_id))
    async with desk.database.acquire() as conn:
        assert second == await rewards.get(conn, second.id)


async def test_reports_of_several_orders_at_once(desk: Desk) -> None:
    """Each of ours is asked about now; a stranger's, and a repetition, fail nothing."""
    made = [await desk.earn("leased", "accepted") for _ in range(3)]
    async with desk.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET act_at = now() + interval '1 hour'")
    for told_of in ("nobodysorder", made[0].order_id, made[2].order_id, made[0].order_id):
        assert 200 == await report(desk, told(told_of))
    async with desk.database.acquire() as conn:
        due = await conn.fetch("SELECT id FROM rewards WHERE act_at <= now()")
    assert {made[0].id, made[2].id} == {row["id"] for row in due}


async def test_reports_are_counted_by_what_became_of_them(desk: Desk) -> None:
    """Taken, not open and malformed are told apart; a wrong address is not counted at all."""

    def counted() -> list[float]:
        name, value = "mashang_airtime_reports_total", REGISTRY.get_sample_value
        kinds = ("taken", "not_open", "malformed")
        return [value(name, {"vendor": AIRTIME.name, "outcome": k}) or 0 for k in kinds]

    reward, before = await desk.earn("leased", "accepted"), counted()
    await report(desk, told(reward.order_id))
    await report(desk, told("nobodysorder"))
    await report(desk, told("nobodysorder"))
    await report(desk, b"{")
    await report(desk, told(reward.order_id), f"/reports/{AIRTIME.name}/wrong")
    assert [1, 2, 1] == [after - was for after, was in zip(counted(), before, strict=True)]


async def test_a_withdrawn_reward_shows_why(desk: Desk) -> None:
    """The staff see that the verdict changed."""
    event = verified()
    async with desk.database.transaction() as conn:
        await hear(conn, event)
        refused = await hear(conn, again(event, verdict="helped"))
    assert refused is not None
    _, shown = await desk.get(f"/api/v1/rewards/{refused.id}")
    assert ("refused", "verdict_changed") == (shown["state"], shown["reason"])


async def test_the_gauges(desk: Desk) -> None:
    """Payouts by state, the age of the oldest unknown, and what is overdue."""
    unknown = await desk.earn("leased", "lost")
    await desk.age(unknown, 2)
    await observe(desk.database, ["somebody"], [2000])
    value = REGISTRY.get_sample_value
    assert 1 == value("mashang_payouts", {"state": "unknown"})
    assert 0 == value("mashang_payouts", {"state": "paid"})
    assert (value("mashang_payout_unknown_age_seconds") or 0) > 2 * 86_400 - 1
    assert 1 == value("mashang_rewards_overdue")


async def test_gauges_fall_back_when_the_trouble_is_over(desk: Desk) -> None:
    """A state that nobody is in any more is 0; a pause counts while it lasts."""
    reward = await desk.earn("leased", "accepted")
    async with desk.database.acquire() as conn:
        await conn.execute("INSERT INTO vendor_pauses VALUES ('v', now() + interval '1 hour', 'c')")
        await conn.execute("INSERT INTO vendor_pauses VALUES ('w', now() - interval '1 hour', 'c')")
    await observe(desk.database, [AIRTIME.name], [2000])
    value = REGISTRY.get_sample_value
    assert (1, 1) == (
        value("mashang_payouts", {"state": "accepted"}),
        value("mashang_airtime_vendors_paused"),
    )
    async with desk.database.transaction() as conn:
        await advance(conn, reward, "paid")
        await conn.execute("DELETE FROM vendor_pauses")
    await observe(desk.database, [AIRTIME.name], [2000])
    assert (0, 0) == (
        value("mashang_payouts", {"state": "accepted"}),
        value("mashang_airtime_vendors_paused"),
    )
    assert 0 == value("mashang_payout_accepted_age_seconds")
