"""Rewards over HTTP: figures, reports, and what the approvers may do."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY

from services.rewards import jobs
from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Step
from services.rewards.service import build
from services.rewards.settings import Settings
from services.rewards.store import rewards
from shared import config, statements
from shared.access import Operator, Role
from shared.db import Database
from shared.events import UnitChanged
from shared.values import clock
from shared.web.edge import make_app
from tests.integration.test_rewards_decisions import advance, again, hear, verified
from tests.integration.test_rewards_jobs import environment
from tests.vendors import AIRTIME, report_path

SERVICE = "rewards"
SEED = bytes(range(32))
PATH = report_path(AIRTIME)
PHONE = "+8613800004488"


def token(
    username: str, role: Role = "reward_approver", badge: str | None = None
) -> dict[str, str]:
    """The header of a signed-in operator."""
    operator = Operator(username, username, role, "city", badge)
    return {"Authorization": f"Bearer {statements.issue(operator, SEED)}"}


ANN, BEN = "ann", "ben"
PLACE = UnitChanged(
    unit_code="u", name="窗口", parent="市", path=("city", "u"), kind="vehicle", counters=1,
    active=True, version=1,
)  # fmt: skip


class Desk:
    """The service's application, and its database behind it."""

    def __init__(
        self, client: TestClient[Any, Any], settings: Settings, database: Database
    ) -> None:
        self.client, self.settings, self.database = client, settings, database

    async def earn(self, *steps: Step, **changes: Any) -> Reward:
        """A reward, some steps on."""
        submission = uuid4()
        sealed = self.settings.seal.close(PHONE, f"phone:{submission}")
        async with self.database.transaction() as conn:
            reward = await hear(
                conn, verified(submission_id=submission, phone_sealed=sealed, **changes)
            )
            assert reward is not None
            return await advance(conn, reward, *steps)

    async def held(self) -> Reward:
        """The fourth reward of an incident."""
        incident = uuid4()
        return [await self.earn(incident_id=incident) for _ in range(4)][-1]

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a GET, as Ann unless told otherwise."""
        async with self.client.get(path, headers=headers or token(ANN)) as response:
            return response.status, await response.json()

    async def post(
        self, path: str, body: Any, who: str, badge: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a POST by a reward approver, with a token made now: they live 60 s."""
        headers = token(who, badge=badge)
        async with self.client.post(path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def approve(
        self, reward: Reward, decision: str, who: str, badge: str | None = None
    ) -> tuple[int, Any]:
        """POST an approval."""
        body = {"decision": decision, "note": "looked into it"}
        return await self.post(f"/api/v1/rewards/{reward.id}/approvals", body, who, badge)

    async def write_off(self, reward: Reward, who: str) -> tuple[int, Any]:
        """POST a signature."""
        body = {"note": "not on the statement"}
        return await self.post(f"/api/v1/rewards/{reward.id}/write-offs", body, who)

    async def age(self, reward: Reward, days: int) -> None:
        """As if it had been sent days ago."""
        async with self.database.acquire() as conn:
            await conn.execute(
                "UPDATE rewards SET sent_at = sent_at - $2::interval,"
                " unknown_at = unknown_at - $2::interval WHERE id = $1",
                reward.id,
                timedelta(days=days),
            )


@pytest.fixture
async def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """The service as `build` wires it."""
    key = base64.b64encode(statements.public_key(SEED)).decode()
    for name, value in (
        environment("http://127.0.0.1:9") | {"MASHANG_IDENTITY_PUBLIC": key}
    ).items():
        monkeypatch.setenv(name, value)
    settings = config.load(Settings)
    service = build(settings, database)
    async with database.transaction() as conn:
        await service.handlers[UnitChanged](conn, PLACE)
    app = make_app(service.house)
    async with TestClient(TestServer(app)) as client:
        yield Desk(client, settings, database)


async def test_figures_count_every_reward_once(desk: Desk) -> None:
    """Each reward is in exactly one count, and paid_fen is the money."""
    await desk.held()
    await desk.earn("leased", "paid")
    await desk.earn("leased", "lost")
    await desk.earn("leased", "paid", "reversed")
    await desk.earn("leased", "rejected", "given_up")
    await desk.earn("leased", "rejected")
    async with desk.client.get("/api/v1/figures") as response:
        figures = await response.json()
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
    made = [await desk.earn() for _ in range(52)]
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
        (f"/api/v1/rewards/{uuid4()}", 404, None),
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
        refused += [(token("a", "auditor"), 403), (token("r", "administrator"), 403)]
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
        {"decision": "approve", "note": "a\x00b"},
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
    await jobs.observe(desk.database)
    value = REGISTRY.get_sample_value
    assert 1 == value("mashang_payouts", {"state": "unknown"})
    assert 0 == value("mashang_payouts", {"state": "paid"})
    assert (value("mashang_payout_unknown_age_seconds") or 0) > 2 * 86_400 - 1
    assert 1 == value("mashang_rewards_overdue")
