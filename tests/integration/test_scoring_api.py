"""Scoring over HTTP: who may see what, and every point with its cases."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.scoring.service import build
from services.scoring.settings import Settings
from shared import events, flows, statements
from shared.access import Operator, Role
from shared.db import Database
from shared.events import CaseVerified
from shared.values import clock
from shared.web.edge import make_app

SERVICE = "scoring"
SEED = bytes(32)
UNIT, OTHER = "411702001", "411727001"
DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def settings() -> Settings:
    """Settings as the environment would give them."""
    return Settings.model_validate(
        {
            "DATABASE_URL": "unused",
            "AMQP_URL": "unused",
            "http_port": 0,
            "ops_port": 0,
            "policy_file": Path("deploy/policy.toml"),
            "identity_public": b64encode(statements.public_key(SEED)).decode(),
        }
    )


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[TestClient[Any, Any]]:
    """The service's routes, with two units, an officer and one verdict in each unit."""
    service = build(settings, database)
    async with database.transaction() as conn:
        for unit, county in ((UNIT, "411702"), (OTHER, "411727")):
            unit_event = events.UnitChanged(
                unit_code=unit, name=f"窗口{unit}", parent="x", path=("411700", county, unit),
                kind="x", counters=1, active=True, version=1,
            )  # fmt: skip
            await service.handlers[events.UnitChanged](conn, unit_event)
            await service.handlers[CaseVerified](conn, verdict(uuid4(), unit))
        officer = events.OfficerChanged(
            badge="170001", name="李", unit_code=UNIT, active=True, phone_index=None, version=1
        )
        await service.handlers[events.OfficerChanged](conn, officer)
        rating = events.SubmissionReceived(
            submission_id=uuid4(), kind="rating", unit_code=UNIT, satisfaction=5,
            received_at=clock.now(),
        )  # fmt: skip
        await service.handlers[events.SubmissionReceived](conn, rating)
    async with TestClient(TestServer(make_app(service.house))) as opened:
        yield opened


def verdict(case_id: UUID, unit_code: str) -> CaseVerified:
    """Substantiated against the officer of the unit."""
    return CaseVerified(
        case_id=case_id, submission_id=case_id, incident_id=case_id, revision=1, kind="complaint",
        unit_code=unit_code, categories=("cold_attitude",), verdict="substantiated",
        attribution="officers", officers=("170001" if unit_code == UNIT else "270001",),
        answer_sealed=None, phone_sealed=None, phone_index=None, language="zh", received_at=DAY,
        verified_at=DAY,
    )  # fmt: skip


def signed_in(role: Role, scope: str) -> dict[str, str]:
    """The header of a signed-in operator."""
    token = statements.issue(Operator("u", "n", role, scope), SEED)
    return {"Authorization": f"Bearer {token}"}


async def test_it_handles_what_the_flows_give_it(settings: Settings, database: Database) -> None:
    """Every event that scoring hears has a handler, and no other."""
    assert set(flows.heard_by(SERVICE)) == set(build(settings, database).handlers)


async def test_the_score_lists_its_cases(client: TestClient[Any, Any]) -> None:
    """A unit operator sees the balance of the own unit and what it consists of."""
    path = f"/api/v1/units/{UNIT}/score"
    answer = await client.get(path, headers=signed_in("unit_operator", UNIT))
    body = await answer.json()
    assert (200, -200) == (answer.status, body["balance_centipoints"])
    [entry] = body["entries"]
    assert [entry["case_id"]] == entry["case_ids"]
    assert None is body["next_before"]


@pytest.mark.parametrize(
    ("role", "scope", "unit", "status"),
    [
        ("unit_operator", UNIT, UNIT, 200),
        ("unit_operator", UNIT, OTHER, 404),
        ("county_supervisor", "411702", UNIT, 200),
        ("county_supervisor", "411702", OTHER, 404),
        ("city_supervisor", "411700", OTHER, 200),
        ("auditor", "411700", OTHER, 200),
        ("reward_approver", "411700", UNIT, 403),
    ],
)
@pytest.mark.parametrize("what", ["score", "satisfaction"])
async def test_each_role_sees_its_part_of_the_tree(
    client: TestClient[Any, Any], role: Role, scope: str, unit: str, status: int, what: str
) -> None:
    """A unit outside the operator's scope looks as if it did not exist."""
    answer = await client.get(f"/api/v1/units/{unit}/{what}", headers=signed_in(role, scope))
    assert status == answer.status


async def test_nobody_reads_without_signing_in(client: TestClient[Any, Any]) -> None:
    """Every staff route wants a statement of the desk."""
    for path in (f"units/{UNIT}/score", "officers/170001/strikes", "criticisms"):
        answer = await client.get(f"/api/v1/{path}")
        assert 401 == answer.status


async def test_a_strike_lists_its_cases(client: TestClient[Any, Any]) -> None:
    """The officer's strikes for the own unit, and not for another one."""
    path = "/api/v1/officers/170001/strikes"
    answer = await client.get(path, headers=signed_in("unit_operator", UNIT))
    body = await answer.json()
    [strike] = body["strikes"]
    assert (2026, 1, UNIT) == (strike["year"], strike["number"], strike["unit_code"])
    assert [entry["case_id"] for entry in body["ledger"]] == strike["case_ids"]
    hidden = await client.get(path, headers=signed_in("unit_operator", OTHER))
    assert 404 == hidden.status


async def test_criticisms_are_scoped_and_paged(client: TestClient[Any, Any]) -> None:
    """A county sees its own, the city all, one page after the other."""
    path, year = "/api/v1/criticisms", clock.service_day(clock.now()).year
    county = await client.get(path, headers=signed_in("county_supervisor", "411727"))
    assert [f"驻公通〔{year}〕2号"] == [c["title"] for c in (await county.json())["criticisms"]]
    city = signed_in("city_supervisor", "411700")
    first = await (await client.get(f"{path}?limit=1", headers=city)).json()
    assert ([1], 1) == ([c["number"] for c in first["criticisms"]], first["next_after"])
    rest = await (await client.get(f"{path}?limit=5&after=1", headers=city)).json()
    assert ([2], None) == ([c["number"] for c in rest["criticisms"]], rest["next_after"])


@pytest.mark.parametrize("query", ["year=x", "limit=-1", "limit=999", "after=%00", "year=99999"])
async def test_a_wrong_number_is_named(client: TestClient[Any, Any], query: str) -> None:
    """A bad query parameter is a 422 that names it."""
    path = f"/api/v1/criticisms?{query}"
    answer = await client.get(path, headers=signed_in("auditor", "411700"))
    assert 422 == answer.status
    assert query.partition("=")[0] == (await answer.json())["errors"][0]["field"]


async def test_figures_are_integers(client: TestClient[Any, Any]) -> None:
    """The table of rule 16 is exact, for whoever leads and audits; it holds integers only."""
    answer = await client.get("/api/v1/figures", headers=signed_in("leadership", "411700"))
    figures = await answer.json()
    assert {int} == {type(value) for value in figures.values()}
    assert (2, 2, 400) == (
        figures["substantiated"],
        figures["criticisms"],
        figures["points_deducted_centipoints"],
    )


async def test_satisfaction_is_counted_by_month(client: TestClient[Any, Any]) -> None:
    """A rating shows in the month of its receipt."""
    path = f"/api/v1/units/{UNIT}/satisfaction"
    body = await (await client.get(path, headers=signed_in("unit_operator", UNIT))).json()
    month = f"{clock.service_day(clock.now()):%Y-%m}"
    assert [{"month": month, "levels": {"5": 1}}] == body["months"]
