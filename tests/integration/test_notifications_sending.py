"""Messages from the event to the vendor's book, on a real database and a sandbox process."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession, ClientTimeout

from deploy.sandbox.customer import ALIYUN_KEY_ID, ALIYUN_KEY_SECRET, SIGN_NAME, Client
from deploy.sandbox.testing import SandboxProcess
from services.notifications import handlers, store
from services.notifications.jobs import Deliveries
from services.notifications.providers.aliyun import Aliyun, Templates
from services.notifications.rules import Limits, Next
from shared import events
from shared.db import Connection, Database
from shared.seal import Seal
from shared.testing import captured_logs

SERVICE = "notifications"
PHONE = "13800000088"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TEMPLATES: dict[Any, str] = {"thanks": "SMS_480000001", "paid": "SMS_480000002"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the module."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """A short time-out, to lose answers quickly."""
    async with ClientSession(timeout=ClientTimeout(total=2)) as opened:
        yield opened


@pytest.fixture
async def client(sandbox: SandboxProcess, session: ClientSession) -> Client:
    """The book and the faults, both empty."""
    opened = Client(session, sandbox.url)
    await opened.reset()
    return opened


@pytest.fixture
def seal() -> Seal:
    """The keys of the tests."""
    return Seal({"1": bytes(32)}, bytes(32))


@pytest.fixture
def deliveries(
    database: Database, sandbox: SandboxProcess, session: ClientSession, seal: Seal
) -> Deliveries:
    """The jobs against the sandbox; a missing message may be repeated at once."""
    templates = Templates(SIGN_NAME, TEMPLATES)
    url = f"{sandbox.url}/aliyun/"
    provider = Aliyun(session, url, ALIYUN_KEY_ID, ALIYUN_KEY_SECRET, templates)
    return Deliveries(database, provider, seal, Limits(settle_after=timedelta()))


def verified(case: UUID, seal: Seal, *, revision: int = 1, phone: str = PHONE) -> Any:
    """A verdict on a complaint with a phone."""
    return events.CaseVerified(
        case_id=case, submission_id=case, incident_id=case, revision=revision, kind="complaint",
        unit_code="u", categories=(), verdict="unsubstantiated", attribution="none", officers=(),
        answer_sealed=None, phone_sealed=seal.close(f"+86{phone}", f"phone:{case}"),
        phone_index=None, language="zh", received_at=NOW, verified_at=NOW,
    )  # fmt: skip


async def queue(database: Database, seal: Seal, phone: str = PHONE) -> UUID:
    """A case whose thanks are queued; the case's id."""
    case = uuid4()
    async with database.transaction() as conn:
        await handlers.on_case_verified(conn, verified(case, seal, phone=phone))
    return case


async def rows(database: Database, sql: str, *args: object) -> list[dict[str, Any]]:
    """Any query."""
    async with database.acquire() as conn:
        return [dict(row) for row in await conn.fetch(sql, *args)]


async def states(database: Database) -> list[str]:
    """The state of every message, oldest first."""
    found = await rows(database, "SELECT state FROM messages ORDER BY message_id")
    return [row["state"] for row in found]


async def due_now(database: Database) -> None:
    """Let the back-off pass."""
    async with database.acquire() as conn:
        await conn.execute("UPDATE messages SET next_at = now() WHERE next_at IS NOT NULL")


async def until(database: Database, deliveries: Deliveries, wanted: str) -> None:
    """Run the jobs until every message is in the wanted state."""
    async with asyncio.timeout(20):
        while {wanted} != set(await states(database)):
            await due_now(database)
            await deliveries.send_queued()
            await deliveries.query_due()


async def settlements(database: Database) -> list[dict[str, Any]]:
    """The data of the message.settled events in the outbox."""
    sql = "SELECT body::jsonb->'data' AS data FROM outbox WHERE type = 'message.settled.v1'"
    return [row["data"] for row in await rows(database, sql)]


async def sent(client: Client) -> int:
    """How many messages the vendor truly took."""
    return int((await client.book())["sms"]["sent_count"])


async def test_thanks_are_sent_once_a_case(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """Three revisions of a verdict are one SMS, delivered, and settled once."""
    case = uuid4()
    for revision in (1, 2, 3):
        async with database.transaction() as conn:
            await handlers.on_case_verified(conn, verified(case, seal, revision=revision))
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)
    [event] = await settlements(database)
    assert (str(case), "thanks", "delivered") == (
        event["case_id"],
        event["purpose"],
        event["outcome"],
    )


async def test_the_paid_message_is_another_one(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """A case gets the thanks and, once, the news of the payment."""
    case = await queue(database, seal)
    paid = events.RewardPaid(
        reward_id=uuid4(), case_id=case, submission_id=case, amount_fen=2000, language="zh",
        phone_sealed=seal.close(f"+86{PHONE}", f"phone:{case}"), paid_at=NOW, due_at=NOW,
    )  # fmt: skip
    for _ in range(2):
        async with database.transaction() as conn:
            await handlers.on_reward_paid(conn, paid)
    await until(database, deliveries, "delivered")
    by_template = (await client.book())["sms"]["by_template"]
    assert {"SMS_480000001": 1, "SMS_480000002": 1} == {
        code: counts["sent"] for code, counts in by_template.items()
    }


@pytest.mark.parametrize("fault", ["drop_answer", "http_500_after", "garbage"])
async def test_a_lost_answer_is_never_sent_again(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal, fault: str
) -> None:
    """The query finds what the vendor took; its book holds one message."""
    await client.arm("aliyun", fault, count=1)
    await queue(database, seal)
    await deliveries.send_queued()
    assert ["unknown"] == await states(database)
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)


async def test_a_lost_request_is_repeated(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """Once the vendor says that it has none, the message goes out as a new attempt."""
    await client.arm("aliyun", "drop_before", count=1)
    await queue(database, seal)
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)
    attempts = await rows(database, "SELECT attempt FROM attempts ORDER BY attempt")
    assert [1, 2] == [row["attempt"] for row in attempts]
    history = await rows(database, "SELECT state FROM message_states ORDER BY version")
    expected = ["queued", "sending", "unknown", "queued", "sending", "accepted", "delivered"]
    assert expected == [row["state"] for row in history]


async def test_a_storm_of_faults_sends_each_message_once(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """With a third of the answers lost, thirty messages are thirty lines in the vendor's book."""
    await client.arm("aliyun", "drop_answer", probability=0.3, seed=7)
    for _ in range(30):
        await queue(database, seal)
    await until(database, deliveries, "delivered")
    book = (await client.book())["sms"]["messages"]
    assert 30 == len({line["out_id"] for line in book}) == len(book)
    assert 30 == len(await settlements(database))


async def test_two_instances_send_each_message_once(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """Senders that run at the same time share the queue."""
    for _ in range(20):
        await queue(database, seal)
    await asyncio.gather(*(deliveries.send_queued() for _ in range(4)))
    assert 20 == await sent(client)


async def test_a_sender_that_vanished_leaves_an_unknown_message(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """An expired lease is asked about, not sent again; the late sender changes nothing."""
    await queue(database, seal)
    async with database.transaction() as conn:
        [message] = await store.claim_queued(conn, 10, "aliyun")
    assert 0 == await deliveries.send_queued()
    await due_now(database)
    assert 1 == await deliveries.expire_leases()
    assert ["unknown"] == await states(database)
    async with database.transaction() as conn:
        moved, _ = await store.mark(conn, message, Next("failed", code="late"))
    assert (False, ["unknown"]) == (moved, await states(database))


async def test_a_sender_that_slept_too_long_sends_nothing(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """After a long pause the claim is no longer its own."""
    await queue(database, seal)
    async with database.transaction() as conn:
        [message] = await store.claim_queued(conn, 10, "aliyun")
    await deliveries.send_one(time.monotonic(), message)
    assert (0, ["sending"]) == (await sent(client), await states(database))


async def test_refused_for_good(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """An illegal number fails at once, and the vendor's word is kept."""
    await queue(database, seal, "13800000002")
    await deliveries.send_queued()
    [row] = await rows(database, "SELECT state, code FROM messages")
    assert {"state": "failed", "code": "isv.MOBILE_NUMBER_ILLEGAL"} == row
    assert ["failed"] == [event["outcome"] for event in await settlements(database)]


async def test_without_word_it_is_settled_as_unknown(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """After 72 hours of "waiting" the message is given up, once."""
    await queue(database, seal, "13800000388")  # the sandbox reports after 3 s
    await deliveries.send_queued()
    async with database.acquire() as conn:
        await conn.execute("UPDATE messages SET created_at = created_at - interval '72 hours'")
    await due_now(database)
    await deliveries.query_due()
    assert ["lost"] == await states(database)
    assert ["unknown"] == [event["outcome"] for event in await settlements(database)]


async def test_an_empty_wallet_holds_and_release_sends(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """Held waits for a person for ever; released, it goes out."""
    await client.arm("aliyun", "empty_wallet", count=1)
    await queue(database, seal)
    await deliveries.send_queued()
    assert (["held"], 0) == (await states(database), await deliveries.send_queued())
    async with database.transaction() as conn:
        [held] = await store.list_held(conn, 10)
        assert await store.mark_released(conn, held["message_id"])
        assert not await store.mark_released(conn, held["message_id"])
    await until(database, deliveries, "delivered")
    assert 1 == await sent(client)


async def test_a_phone_sealed_under_another_key_is_held(
    database: Database, deliveries: Deliveries, client: Client
) -> None:
    """It cannot be sent, and it does not stop the others."""
    await queue(database, Seal({"1": bytes(31) + b"x"}, bytes(32)))
    await deliveries.send_queued()
    assert ["held"] == await states(database)


async def test_the_phone_is_nowhere_in_clear(
    database: Database, deliveries: Deliveries, client: Client, seal: Seal
) -> None:
    """Not in the logs of the whole way, not in any row; once settled not even sealed."""
    with captured_logs() as logs:
        await client.arm("aliyun", "drop_answer", count=1)
        await queue(database, seal)
        await until(database, deliveries, "delivered")
    stored = await rows(database, "SELECT m::text, o.body FROM messages m, outbox o")
    assert PHONE not in f"{logs}{stored}"
    assert [None] == [r["phone_sealed"] for r in await rows(database, "SELECT * FROM messages")]
    assert "thanks message delivered" in [entry["event"] for entry in logs]


async def test_the_history_refuses_to_be_changed(conn: Connection, seal: Seal) -> None:
    """The service's own role cannot rewrite what happened to a message."""
    await handlers.on_case_verified(conn, verified(uuid4(), seal))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("DELETE FROM message_states")
