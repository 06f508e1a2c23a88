"""Messages from the event to the vendor's book, on a real database and a sandbox process."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.notifications.jobs import Deliveries
from shared import events
from shared.db import Database
from tests.integration.notifications_parts import (
    NOW,
    PHONE,
    SEAL,
    WANTED,
    make_deliveries,
    queue,
    rows,
    sent,
    settlements,
    states,
    until,
    verified,
)
from tests.vendors import SMS, sms_vendor

SERVICE = "notifications"


@pytest.fixture
async def deliveries(database: Database, sandbox: SandboxProcess) -> AsyncIterator[Deliveries]:
    """The jobs against the sandbox."""
    async with sms_vendor(sandbox.url) as vendor:
        yield make_deliveries(database, vendor)


async def test_thanks_are_sent_once_a_case(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """Three revisions of a verdict are one SMS, delivered, and settled once."""
    case = uuid4()
    for revision in (1, 2, 3):
        async with database.transaction() as conn:
            await WANTED.on_case_verified(conn, verified(case, revision=revision))
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)
    [event] = await settlements(database)
    assert (str(case), "thanks", "delivered") == (
        event["case_id"],
        event["purpose"],
        event["outcome"],
    )


async def test_the_paid_message_is_another_one(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """A case gets the thanks and, once, the news of the payment."""
    case = await queue(database)
    paid = events.RewardPaid(
        reward_id=uuid4(), case_id=case, submission_id=case, amount_fen=2000, language="zh",
        phone_sealed=SEAL.close(f"+86{PHONE}", f"phone:{case}"), paid_at=NOW, due_at=NOW,
    )  # fmt: skip
    for _ in range(2):
        async with database.transaction() as conn:
            await WANTED.on_reward_paid(conn, paid)
    await until(database, deliveries, "delivered")
    by_template = (await client.book())["sms"]["by_template"]
    templates = json.loads(SMS.values["templates"])
    wanted = {templates[purpose]["zh"]: 1 for purpose in ("thanks", "paid")}
    assert wanted == {code: counts["sent"] for code, counts in by_template.items()}


@pytest.mark.parametrize("fault", ["drop_answer", "http_500_after", "garbage"])
async def test_a_lost_answer_is_never_sent_again(
    database: Database, deliveries: Deliveries, client: Client, fault: str
) -> None:
    """The query finds what the vendor took; its book holds one message."""
    await client.arm(SMS.name, fault, count=1)
    await queue(database)
    await deliveries.send_queued()
    assert ["unknown"] == await states(database)
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)


async def test_a_lost_request_is_repeated(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """Once the vendor says that it has none, the message goes out as a new attempt."""
    await client.arm(SMS.name, "drop_before", count=1)
    await queue(database)
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)
    attempts = await rows(database, "SELECT attempt FROM attempts ORDER BY attempt")
    assert [1, 2] == [row["attempt"] for row in attempts]
    history = await rows(database, "SELECT state FROM message_states ORDER BY version")
    expected = ["queued", "sending", "unknown", "queued", "sending", "accepted", "delivered"]
    assert expected == [row["state"] for row in history]


async def test_a_storm_of_faults_sends_each_message_once(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """With a third of the answers lost, thirty messages are thirty lines in the vendor's book."""
    await client.arm(SMS.name, "drop_answer", probability=0.3, seed=7)
    for _ in range(30):
        await queue(database)
    await until(database, deliveries, "delivered")
    book = (await client.book())["sms"]["messages"]
    assert 30 == len({line["out_id"] for line in book}) == len(book)
    assert 30 == len(await settlements(database))


async def test_two_instances_send_each_message_once(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """Senders that run at the same time share the queue."""
    for _ in range(20):
        await queue(database)
    await asyncio.gather(*(deliveries.send_queued() for _ in range(4)))
    assert 20 == await sent(client)
