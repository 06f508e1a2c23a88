"""The inbox on a real PostgreSQL and RabbitMQ: once, in one transaction, and never lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import aio_pika
import asyncpg
import pytest
from uuid_utils.compat import uuid7

from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from shared import flows
from shared.bus import broker, days, inbox, parked, publishing
from shared.bus.consuming import Consumer, Delivery
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.errors import Reject, Retry
from shared.events import CaseVerified, Event, RewardPaid, wrap
from tests.conftest import eventually
from tests.samples import SAMPLES
from tests.support import captured_logs, louder

SERVICE = "notifications"
VERIFIED = next(event for event in SAMPLES if isinstance(event, CaseVerified))
PAID = next(event for event in SAMPLES if isinstance(event, RewardPaid))


class Effects:
    """A handler that writes a row per event, and fails as it is told."""

    def __init__(self) -> None:
        self.calls = 0
        self.fail_on: dict[str, BaseException] = {}

    async def __call__(self, conn: Connection, event: Event) -> None:
        """One effect, in the inbox's transaction."""
        self.calls += 1
        await conn.execute("INSERT INTO effects (subject) VALUES ($1)", event.subject)
        if error := self.fail_on.get(event.subject):
            raise error


@pytest.fixture
async def effects(database: Database, postgres: Postgres) -> Effects:
    """A handler, and the table it writes to in the test's own database."""
    async with database.acquire() as conn:
        name, role = await conn.fetchrow("SELECT current_database(), current_user") or ("", "")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute(f"CREATE TABLE effects (subject text); GRANT ALL ON effects TO {role}")
    await owner.close()
    return Effects()


def box(database: Database, handler: Effects) -> Inbox:
    """An inbox whose events all go to one handler."""
    return Inbox(database, SERVICE, {CaseVerified: handler, RewardPaid: handler})


def delivery(event: Event, *, times: int = 1, message_id: UUID | None = None) -> Delivery:
    """The event as the broker would bring it."""
    event_id, body = wrap(event, flows.producer_of(type(event)))
    return Delivery(str(message_id or event_id), event.TYPE, body.encode(), times, 1)


def verified(**changes: object) -> CaseVerified:
    """A verdict on a case of its own."""
    return VERIFIED.model_copy(update={"case_id": uuid7()} | changes)


async def count(database: Database, what: str = "effects") -> int:
    """How many rows."""
    async with database.acquire() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {what}"))


async def pending(database: Database) -> list[tuple[str, int]]:
    """State and attempts of what is stored."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT state, attempts FROM inbox_pending ORDER BY stored_at")
    return [(row["state"], row["attempts"]) for row in rows]


async def due_now(database: Database) -> None:
    """Do not wait for the back-off."""
    async with database.acquire() as conn:
        await conn.execute("UPDATE inbox_pending SET next_at = now()")


async def test_a_duplicate_has_no_second_effect(database: Database, effects: Effects) -> None:
    """The same event id twice, in one batch and again later, is handled once."""
    one = delivery(verified())
    await box(database, effects).take([one, one])
    await box(database, effects).take([one])
    assert 1 == await count(database)


async def test_a_louder_log_names_what_was_handled(database: Database, effects: Effects) -> None:
    """Each call of a handler, with its event; usually nothing is said of it."""
    one = delivery(verified())
    with captured_logs() as logs:
        await box(database, effects).take([delivery(verified())])
        with louder():
            await box(database, effects).take([one])
    told = [(entry["event"], entry["event_type"], entry["event_id"]) for entry in logs]
    assert [("handler ended", VERIFIED.TYPE, one.message_id)] == told


async def test_one_bad_event_does_not_take_its_batch_along(
    database: Database, effects: Effects
) -> None:
    """When a handler fails, each event is handled by itself, and only that one is put off."""
    batch = [verified() for _ in range(5)]
    effects.fail_on[batch[2].subject] = RuntimeError("broken")
    inbox_ = box(database, effects)
    await inbox_.take([delivery(event) for event in batch])
    assert (4, [("pending", 0)]) == (await count(database), await pending(database))
    assert 1 == await inbox_.retry()
    assert (4, [("pending", 1)]) == (await count(database), await pending(database))


async def test_a_failing_event_is_parked_and_can_be_replayed(
    database: Database, effects: Effects
) -> None:
    """After its last attempt an event waits for a person; replayed, it is handled.

    Why is kept without the phone that was in it.
    """
    event = verified()
    effects.fail_on[event.subject] = RuntimeError("broken at 13912345678")
    inbox_ = box(database, effects)
    await inbox_.take([delivery(event)])
    for _ in range(inbox.MAX_ATTEMPTS):
        await due_now(database)
        await inbox_.retry()
    assert [("parked", inbox.MAX_ATTEMPTS)] == await pending(database)
    effects.fail_on.clear()
    async with database.transaction() as conn:
        (found,) = await parked.list_parked(conn)
        assert "RuntimeError('broken at …')" == found.error
        kept = [row["error"] for row in await conn.fetch("SELECT error FROM inbox_failures")]
        assert {found.error} == set(kept)
        assert 1 == await parked.replay(conn, found.event_id)
    await inbox_.retry()
    assert (1, []) == (await count(database), await pending(database))


async def test_retry_waits_as_asked(database: Database, effects: Effects) -> None:
    """A handler that needs something first is run again after the time it named."""
    event = verified()
    effects.fail_on[event.subject] = Retry(timedelta(hours=1), "not yet")
    inbox_ = box(database, effects)
    await inbox_.take([delivery(event)])
    assert 1 == await inbox_.retry()
    assert 0 == await inbox_.retry()
    async with database.acquire() as conn:
        wait = await conn.fetchval("SELECT next_at - now() FROM inbox_pending")
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


async def test_reject_parks_at_once(database: Database, effects: Effects) -> None:
    """An event that can never be handled is not tried again."""
    event = verified()
    effects.fail_on[event.subject] = Reject("no such unit")
    inbox_ = box(database, effects)
    await inbox_.take([delivery(event)])
    await inbox_.retry()
    assert [("parked", 1)] == await pending(database)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[]",
        b'{"specversion": "1.0"}',
        delivery(VERIFIED).body.replace(b'"revision":1', b'"revision":"many"'),
        delivery(VERIFIED).body.replace(b"case.verified.v1", b"case.unheard.v1"),
    ],
    ids=["empty", "text", "bytes", "list", "half", "wrong field", "wrong type"],
)
@pytest.mark.parametrize(
    "message_id", [None, "not-a-uuid", str(uuid7())], ids=["none", "no id", "id"]
)
async def test_a_malformed_event_is_parked_not_dropped(
    database: Database, effects: Effects, body: bytes, message_id: str | None
) -> None:
    """Whatever is no event of ours is kept with its bytes and a reason; good ones go on."""
    bad = Delivery(message_id, "case.verified.v1", body, 1, 1)
    await box(database, effects).take([bad, delivery(verified()), bad])
    async with database.acquire() as conn:
        (found,) = await parked.list_parked(conn)
    assert 1 == await count(database)
    assert found.error


async def test_a_storm_is_stored_without_being_run(database: Database, effects: Effects) -> None:
    """A message at its 3rd delivery may be what kills the process: it leaves the fast lane."""
    inbox_ = box(database, effects)
    await inbox_.take([delivery(verified(), times=3), delivery(verified(), times=2)])
    assert (1, [("pending", 0)]) == (effects.calls, await pending(database))
    await inbox_.retry()
    assert (2, []) == (await count(database), await pending(database))


async def test_an_attempt_counts_even_if_the_process_dies_in_it(
    database: Database, effects: Effects
) -> None:
    """The attempt is committed before the handler runs, so a deadly event is parked in the end."""
    event = verified()
    effects.fail_on[event.subject] = asyncio.CancelledError()
    inbox_ = box(database, effects)
    await inbox_.take([delivery(event, times=3)])
    with pytest.raises(asyncio.CancelledError):
        await inbox_.retry()
    assert [("pending", 1)] == await pending(database)


async def test_days_are_partitions_and_old_ones_go(database: Database, effects: Effects) -> None:
    """Ids are kept by the day in which they were made; those past the retention are dropped."""
    await days.keep(database, "inbox", timedelta(days=7))
    await box(database, effects).take([delivery(verified())])
    assert (1, 0) == (await count(database, "inbox"), await count(database, "inbox_default"))
    await days.keep(database, "inbox", timedelta(days=-10))
    assert 0 == await count(database, "inbox")


async def test_days_are_made_late_without_losing_ids(database: Database, effects: Effects) -> None:
    """An id that came before its day's partition existed moves into it, and stays a duplicate."""
    one = delivery(verified())
    await box(database, effects).take([one])
    assert 1 == await count(database, "inbox_default")
    await days.keep(database, "inbox", timedelta(days=7))
    await box(database, effects).take([one])
    assert (1, 0) == (await count(database), await count(database, "inbox_default"))


@asynccontextmanager
async def consuming(rabbitmq: RabbitMQ, inbox_: Inbox) -> AsyncIterator[Consumer]:
    """A consumer that reconnects, as in a running service."""
    consumer = Consumer(rabbitmq.amqp_url, SERVICE, 100, inbox_.take)
    stop = asyncio.Event()
    task = asyncio.create_task(broker.reconnecting("consumer", consumer.consume, stop.is_set))
    try:
        yield consumer
    finally:
        stop.set()
        consumer.stop()
        await asyncio.wait_for(task, 60)


async def send(rabbitmq: RabbitMQ, how_many: int) -> None:
    """Publish verdicts, past any outbox."""
    async with publishing.open_publisher(rabbitmq.amqp_url, "test") as publisher:
        letters = [
            publishing.Letter(uuid7(), CaseVerified.TYPE, delivery(verified()).body.decode())
            for _ in range(how_many)
        ]
        assert [None] * how_many == await publisher.publish(letters)


async def left_in_queue(rabbitmq: RabbitMQ) -> int:
    """Messages that wait in the service's queue."""
    async with await aio_pika.connect(rabbitmq.amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(flows.queue_name(SERVICE, CaseVerified))
        return int(queue.declaration_result.message_count or 0)


@pytest.fixture
async def clean_queue(rabbitmq: RabbitMQ) -> None:
    """Start with an empty queue."""
    async with broker.connection(rabbitmq.amqp_url, "test", "test") as opened:
        await broker.declare_topology(opened)
        channel = await opened.channel()
        await (await channel.get_queue(flows.queue_name(SERVICE, CaseVerified))).purge()


@pytest.mark.usefixtures("clean_queue")
async def test_a_batch_is_acknowledged_only_after_commit(
    database: Database, effects: Effects, rabbitmq: RabbitMQ
) -> None:
    """Everything that was sent has exactly one effect, and the queue is empty."""
    async with consuming(rabbitmq, box(database, effects)):
        await send(rabbitmq, 500)
        await eventually(lambda: count(database), 500)
    assert 0 == await left_in_queue(rabbitmq)


@pytest.mark.usefixtures("clean_queue")
async def test_consumers_cut_with_a_full_prefetch_drop_nothing(
    database: Database, effects: Effects, rabbitmq: RabbitMQ
) -> None:
    """Twenty broken connections with unacknowledged messages: queue + inbox hold all of them."""
    await send(rabbitmq, 150)

    async def die(_: object) -> None:
        raise ConnectionResetError("killed in the middle of a batch")

    for _ in range(20):
        with pytest.raises(ConnectionResetError):
            await Consumer(rabbitmq.amqp_url, SERVICE, 100, die).consume()
    inbox_ = box(database, effects)
    # Neither in the queue nor pending is also what the consumer holds just then.
    async with consuming(rabbitmq, inbox_), asyncio.timeout(60):
        while await count(database) < 150:
            await inbox_.retry()
            await asyncio.sleep(0.05)
    assert (150, 0) == (await count(database), await left_in_queue(rabbitmq))


@pytest.mark.usefixtures("clean_queue")
async def test_a_database_restart_under_load_heals(
    database: Database, effects: Effects, rabbitmq: RabbitMQ, postgres: Postgres
) -> None:
    """The database is killed while events come in: each still has exactly one effect."""
    inbox_ = box(database, effects)
    async with consuming(rabbitmq, inbox_):
        await send(rabbitmq, 300)
        await postgres.kill()
        await postgres.start()
        await send(rabbitmq, 100)
        async with asyncio.timeout(60):
            while await count(database) < 400:
                await inbox_.retry()
                await asyncio.sleep(0.1)
    assert 400 == await count(database)
