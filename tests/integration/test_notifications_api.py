"""Notifications over HTTP: delivery reports as hints, figures, held messages."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.notifications.settings import Settings
from shared import flows, statements
from shared.access import Operator, Role
from shared.db import Database
from shared.service import Service
from shared.web.edge import make_app
from tests.integration.notifications_desk import SEED, make_service, make_settings
from tests.vendors import SMS, report_path

SERVICE = "notifications"
PATH = report_path(SMS)
ADD = """
    INSERT INTO messages (message_id, case_id, submission_id, purpose, phone_sealed, traceparent,
                          state, next_at, called_at, settled_at)
    VALUES ($1, $1, $1, 'thanks', CASE WHEN $2 = 'delivered' THEN NULL ELSE 'sealed' END, 'x', $2,
            CASE WHEN $2 IN ('held', 'delivered') THEN NULL ELSE now() + interval '1 hour' END,
            now(), CASE WHEN $2 = 'delivered' THEN now() END)
"""


@pytest.fixture
def settings() -> Settings:
    """Settings as the environment would give them."""
    return make_settings()


@pytest.fixture
async def service(settings: Settings, database: Database) -> Service:
    """The service as wired."""
    return make_service(settings, database)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[TestClient[Any, Any]]:
    """The service's routes."""
    async with TestClient(TestServer(make_app(service.house))) as opened:
        yield opened


async def add(database: Database, state: str) -> UUID:
    """A message in a state."""
    message_id = uuid4()
    async with database.acquire() as conn:
        await conn.execute(ADD, message_id, state)
    return message_id


async def is_due(database: Database, message_id: UUID) -> bool:
    """Whether a job would look at it now."""
    sql = "SELECT next_at <= now() FROM messages WHERE message_id = $1"
    async with database.acquire() as conn:
        return bool(await conn.fetchval(sql, message_id))


async def test_it_handles_what_the_flows_give_it(service: Service) -> None:
    """Every event that notifications hears has a handler, and no other."""
    assert set(flows.heard_by(SERVICE)) == set(service.handlers)


async def test_a_report_only_makes_the_query_due(
    client: TestClient[Any, Any], database: Database
) -> None:
    """It could be forged, so the state does not change; other messages are left alone."""
    told, other = await add(database, "accepted"), await add(database, "unknown")
    answer = await client.post(PATH, json=SMS.customer.report(str(told)))
    assert (200, SMS.is_taken(200, await answer.read())) == (answer.status, True)
    assert (True, False) == (await is_due(database, told), await is_due(database, other))
    figures = await figures_of(client)
    assert (1, 0) == (figures["thanks"], figures["thanks_delivered"])


@pytest.mark.parametrize("reference", ["", "not-a-uuid", str(UUID(int=1)), "\x00"])
async def test_reports_about_strangers_are_taken_and_ignored(
    client: TestClient[Any, Any], reference: str
) -> None:
    """The vendor must not repeat them."""
    answer = await client.post(PATH, json=SMS.customer.report(reference))
    assert 200 == answer.status


@pytest.mark.parametrize("secret", ["wrong", "", "s", "%ff", "码"])
async def test_a_wrong_secret_finds_nothing(client: TestClient[Any, Any], secret: str) -> None:
    """As if the address did not exist."""
    answer = await client.post(f"/reports/{SMS.name}/{secret}", json=[])
    assert 404 == answer.status


async def test_another_vendors_address_finds_nothing(client: TestClient[Any, Any]) -> None:
    """Only the vendor in use may report, under its own name."""
    answer = await client.post(PATH.replace(SMS.name, "stranger"), json=[])
    assert 404 == answer.status


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 5000])
async def test_a_malformed_report_is_refused(client: TestClient[Any, Any], body: bytes) -> None:
    """One clear answer, as problem details."""
    answer = await client.post(PATH, data=body)
    assert (400, "application/problem+json") == (answer.status, answer.content_type)


async def test_the_figures_count_by_state(client: TestClient[Any, Any], database: Database) -> None:
    """Sent is what the vendor took; every state is counted somewhere."""
    for state in ("queued", "sending", "accepted", "delivered", "unknown", "held"):
        await add(database, state)
    expected = {
        "thanks": 2, "thanks_delivered": 1, "paid_messages": 0, "paid_messages_delivered": 0,
        "failed": 0, "unknown": 1, "held": 1, "queued": 2, "codes": 0, "invitations": 0,
        "unreached": 0, "words": 0, "urgent": 0, "receipts": 0,
        "questions": 0, "howtos": 0, "notices": 0, "money": 0,
    }  # fmt: skip
    assert expected == await figures_of(client)


async def figures_of(client: TestClient[Any, Any]) -> Any:
    """The counts, as leadership reads them."""
    answer = await client.get("/api/v1/figures", headers=signed_in("leadership"))
    assert 200 == answer.status
    return await answer.json()


def signed_in(role: Role) -> dict[str, str]:
    """The header of a signed-in operator."""
    token = statements.issue(Operator("u", "n", role, "411700"), SEED)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}


async def test_a_held_message_is_listed_and_released(
    client: TestClient[Any, Any], database: Database
) -> None:
    """An administrator sees why, and sends it again; the second time there is nothing to do."""
    held = await add(database, "held")
    listed = await client.get("/api/v1/messages/held", headers=signed_in("auditor"))
    assert [str(held)] == [m["message_id"] for m in (await listed.json())["messages"]]
    path = f"/api/v1/messages/{held}/release"
    answers = [
        (await client.post(path, headers=headers)).status
        for headers in (
            {},
            signed_in("auditor"),
            signed_in("system_admin"),
            signed_in("system_admin"),
        )
    ]
    assert [401, 403, 200, 409] == answers
    assert await is_due(database, held)
