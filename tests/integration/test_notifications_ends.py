"""How messages end that do not simply arrive, and what is kept of them."""

import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.notifications.jobs import Deliveries
from services.notifications.rules.messages import Next
from services.notifications.store import claiming, messages, overview
from shared.db import Connection, Database
from shared.values.seal import Seal
from tests.integration.notifications_parts import (
    NOW,
    PHONE,
    THRIFT,
    WANTED,
    due_now,
    make_deliveries,
    queue,
    rows,
    sent,
    settlements,
    states,
    until,
    verified,
)
from tests.support import captured_logs
from tests.vendors import SMS, sms_vendor

SERVICE = "notifications"


@pytest.fixture
async def deliveries(database: Database, sandbox: SandboxProcess) -> AsyncIterator[Deliveries]:
    """The jobs against the sandbox."""
    async with sms_vendor(sandbox.url) as vendor:
        yield make_deliveries(database, vendor)


async def test_a_sender_that_vanished_leaves_an_unknown_message(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """An expired lease is asked about, not sent again; the late sender changes nothing."""
    await queue(database)
    async with database.transaction() as conn:
        [message] = await claiming.claim_queued(conn, 10, THRIFT.terms(SMS.name, NOW))
    assert 0 == await deliveries.send_queued()
    await due_now(database)
    assert 1 == await deliveries.expire_leases()
    assert ["unknown"] == await states(database)
    async with database.transaction() as conn:
        moved, _ = await messages.mark(conn, message, Next("failed", code="late"))
    assert (False, ["unknown"]) == (moved, await states(database))


async def test_a_sender_that_slept_too_long_sends_nothing(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """After a long pause the claim is no longer its own."""
    await queue(database)
    async with database.transaction() as conn:
        [message] = await claiming.claim_queued(conn, 10, THRIFT.terms(SMS.name, NOW))
    await deliveries.sending.carry(message, until=time.monotonic())
    assert (0, ["sending"]) == (await sent(client), await states(database))


async def test_refused_for_good(database: Database, deliveries: Deliveries, client: Client) -> None:
    """An illegal number fails at once, and the vendor's word is kept."""
    await queue(database, "13800000002")
    await deliveries.send_queued()
    [row] = await rows(database, "SELECT state, code FROM messages")
    assert "failed" == row["state"]
    assert row["code"]
    assert ["failed"] == [event["outcome"] for event in await settlements(database)]


async def test_without_word_it_is_settled_as_unknown(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """After 72 hours of "waiting" the message is given up, once."""
    await queue(database, "13800000388")  # the sandbox reports after 3 s
    await deliveries.send_queued()
    async with database.acquire() as conn:
        await conn.execute("UPDATE messages SET created_at = created_at - interval '72 hours'")
    await due_now(database)
    await deliveries.query_due()
    assert ["lost"] == await states(database)
    assert ["unknown"] == [event["outcome"] for event in await settlements(database)]


async def test_an_empty_wallet_holds_and_release_sends(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """Held waits for a person for ever; released, it goes out."""
    await client.arm(SMS.name, "empty_wallet", count=1)
    await queue(database)
    await deliveries.send_queued()
    assert (["held"], 0) == (await states(database), await deliveries.send_queued())
    async with database.transaction() as conn:
        [held] = await overview.list_held(conn, 10)
        assert await overview.mark_released(conn, held["message_id"])
        assert not await overview.mark_released(conn, held["message_id"])
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)


async def test_a_phone_sealed_under_another_key_is_held(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """It cannot be sent, and it does not stop the others."""
    await queue(database, seal=Seal({"phone": {"1": bytes(31) + b"x"}}))
    await deliveries.send_queued()
    assert ["held"] == await states(database)


async def test_the_phone_is_nowhere_in_clear(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """Not in the logs of the whole way, not in any row."""
    with captured_logs() as logs:
        await client.arm(SMS.name, "drop_answer", count=1)
        await queue(database)
        await until(database, deliveries, "delivered")
    stored = await rows(database, "SELECT m::text, o.body FROM messages m, outbox o")
    assert PHONE not in f"{logs}{stored}"
    assert "thanks message delivered" in [entry["event"] for entry in logs]


async def test_the_history_refuses_to_be_changed(conn: Connection) -> None:
    """The service's own role cannot rewrite what happened to a message."""
    await WANTED.on_case_verified(conn, verified(uuid4()))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("DELETE FROM message_states")


@pytest.mark.parametrize(
    ("number", "queued"),
    [("13977770100", 1), ("17012345678", 1), ("13491234567", 0), ("3962912345", 0)],
)
async def test_no_thanks_are_queued_for_a_phone_that_gets_no_sms(
    database: Database, number: str, queued: int
) -> None:
    """A landline's thanks would be paid for and heard by nobody."""
    await queue(database, number)
    assert queued == len(await states(database))
