"""The relay on a real PostgreSQL and RabbitMQ."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import aio_pika
import asyncpg
import pytest

from deploy.local.rabbitmq import RabbitMQ
from shared import flows
from shared.bus import broker, floor, outbox
from shared.bus.pace import MOST_REST, Pace
from shared.bus.relay import BATCH, Relay
from shared.db import Database
from shared.errors import NotOurEvent
from shared.events import SubmissionReceived
from shared.tasks import Tasks
from tests.conftest import eventually
from tests.samples import SAMPLES
from tests.support import captured_logs, louder

SERVICE = "intake"
RECEIVED = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
VERIFIED = SAMPLES[5]
FILL = """
    INSERT INTO outbox (event_id, type, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
"""
QUEUE = "verification.submission.received.v1"


@asynccontextmanager
async def relaying(database: Database, rabbitmq: RabbitMQ) -> AsyncIterator[Relay]:
    """A running relay of the intake service."""
    relay = Relay(database, rabbitmq.amqp_url, SERVICE, Tasks(), Pace())
    database.after_commit.append(relay.wake)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await asyncio.wait_for(task, 60)


async def drain(rabbitmq: RabbitMQ, queue: str = QUEUE) -> list[UUID]:
    """Take everything out of a queue; the message ids in order."""
    ids: list[UUID] = []
    async with await aio_pika.connect(rabbitmq.amqp_url) as connection:
        channel = await connection.channel()
        source = await channel.get_queue(queue)
        while message := await source.get(fail=False, no_ack=True):
            ids.append(UUID(message.message_id))
    return ids


async def waiting(database: Database) -> int:
    """How many events the outbox holds."""
    async with database.acquire() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM outbox"))


@pytest.fixture(autouse=True)
async def clean_queues(rabbitmq: RabbitMQ) -> None:
    """Start every test with declared, empty queues."""
    async with broker.connection(rabbitmq.amqp_url, "test", "test") as opened:
        await broker.declare_topology(opened)
        channel = await opened.channel()
        for queue, _ in flows.bindings():
            await (await channel.get_queue(queue)).purge()


async def test_commit_brings_the_event_to_every_consumer(
    database: Database, rabbitmq: RabbitMQ
) -> None:
    """What is committed arrives once in each consumer's queue, and leaves the outbox."""
    async with relaying(database, rabbitmq):
        async with database.transaction() as conn:
            event_id = await outbox.publish(conn, RECEIVED)
        await eventually(lambda: waiting(database), 0)
    assert [event_id] == await drain(rabbitmq)
    assert [event_id] == await drain(rabbitmq, "scoring.submission.received.v1")


async def test_a_louder_log_names_what_was_sent(database: Database, rabbitmq: RabbitMQ) -> None:
    """Each event that left, by id and type; usually nothing is said of it."""
    with captured_logs() as logs:
        async with relaying(database, rabbitmq):
            async with database.transaction() as conn:
                await outbox.publish(conn, RECEIVED)
            await eventually(lambda: waiting(database), 0)
            with louder():
                async with database.transaction() as conn:
                    event_id = await outbox.publish(conn, RECEIVED)
                await eventually(lambda: waiting(database), 0)
    told = [one for one in logs if one["event"] == "event sent"]
    assert [(event_id, RECEIVED.TYPE)] == [(one["event_id"], one["event_type"]) for one in told]


async def test_rollback_publishes_nothing(database: Database, rabbitmq: RabbitMQ) -> None:
    """An event of a transaction that failed never leaves."""
    async with relaying(database, rabbitmq):
        with pytest.raises(ZeroDivisionError):
            await _publish_and_fail(database)
        async with database.transaction() as conn:
            kept = await outbox.publish(conn, RECEIVED)
        await eventually(lambda: waiting(database), 0)
    assert [kept] == await drain(rabbitmq)


async def _publish_and_fail(database: Database) -> None:
    async with database.transaction() as conn:
        await outbox.publish(conn, RECEIVED)
        raise ZeroDivisionError


async def test_foreign_event_is_refused(database: Database) -> None:
    """A service cannot publish what FLOWS gives to another."""
    with pytest.raises(NotOurEvent, match="belongs to verification"):
        async with database.transaction() as conn:
            await outbox.publish(conn, VERIFIED)


@pytest.mark.parametrize("kind", ["case.verified.v1", "weather.changed.v7"])
async def test_a_row_that_is_not_ours_stays_and_the_others_leave(
    database: Database, rabbitmq: RabbitMQ, kind: str
) -> None:
    """A row written past publish(), or by a newer version, is told and kept; no other waits."""
    foreign = outbox.letter(VERIFIED, "verification")
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO outbox (event_id, type, body) VALUES ($1, $2, $3)",
            foreign.event_id,
            kind,
            foreign.body,
        )
        ours = await outbox.publish(conn, RECEIVED)
    with captured_logs() as logs:
        async with relaying(database, rabbitmq) as relay:
            await eventually(lambda: waiting(database), 1)
            assert relay.connected
    assert [ours] == await drain(rabbitmq)
    assert [] == await drain(rabbitmq, "rewards.case.verified.v1")
    told = [(e["event"], e["event_type"]) for e in logs if e["log_level"] == "error"]
    assert [("event refused", kind)] == told


async def test_writers_that_commit_late_are_not_skipped(
    database: Database, rabbitmq: RabbitMQ
) -> None:
    """Rows that become visible out of id order all leave (a cursor over ids would miss some)."""
    written: set[UUID] = set()

    async def writer() -> None:
        for _ in range(25):
            async with database.transaction() as conn:
                written.add(await outbox.publish(conn, RECEIVED))
                await asyncio.sleep(random.random() * 0.02)

    async with relaying(database, rabbitmq):
        await asyncio.gather(*(writer() for _ in range(8)))
        await eventually(lambda: waiting(database), 0)
    assert written == set(await drain(rabbitmq))


async def test_late_commits_below_the_last_look_leave_under_a_long_snapshot(
    database: Database, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While looks from the beginning are dear and rare, rows that commit late are not skipped."""
    monkeypatch.setattr(floor, "SHARE", 300)  # as if each sweep had walked over very many
    written: set[UUID] = set()

    async def late(hold: float) -> None:
        async with database.transaction() as conn:
            written.add(await outbox.publish(conn, RECEIVED))
            await asyncio.sleep(hold)

    async def quick() -> None:
        for _ in range(40):
            async with database.transaction() as conn:
                written.add(await outbox.publish(conn, RECEIVED))
            await asyncio.sleep(0.01)

    async with database.acquire() as reader, reader.transaction(isolation="repeatable_read"):
        await reader.fetchval("SELECT count(*) FROM outbox")
        async with relaying(database, rabbitmq):
            await asyncio.gather(late(0.05), late(0.2), late(0.4), quick())
            await eventually(lambda: waiting(database), 0)
    assert written == set(await drain(rabbitmq))


async def test_a_lease_above_the_floor_walks_over_no_dead_rows(database: Database) -> None:
    """Under a long snapshot 5,000 deleted rows stay; a look from above reads no page of theirs."""
    relay = Relay(database, "amqp://nowhere", SERVICE, Tasks(), Pace())
    letters = [outbox.letter(RECEIVED, SERVICE) for _ in range(5000)]
    async with database.acquire() as reader, reader.transaction(isolation="repeatable_read"):
        await reader.fetchval("SELECT count(*) FROM outbox")
        async with database.transaction() as conn:
            columns = zip(*((row.event_id, row.type, row.body) for row in letters), strict=True)
            await conn.execute(FILL, *map(list, columns))
        leased = set()
        while rows := await relay._lease():
            leased |= {row.event_id for row in rows}
            async with database.acquire() as conn:
                await conn.execute("DELETE FROM outbox WHERE event_id = ANY($1)", [*leased])
        assert {row.event_id for row in letters} == leased
        above = await _pages(database, 5001)
        assert above * 20 < await _pages(database, 0)


async def test_who_makes_events_hears_that_they_lie(database: Database) -> None:
    """More than one lease of events that are an hour old: whoever makes more rests, until the last.

    It is the relay that says so: what it measured, not how much there is.
    """
    pace = Pace()
    relay = Relay(database, "amqp://nowhere", SERVICE, Tasks(), pace)
    letters = [outbox.letter(RECEIVED, SERVICE) for _ in range(BATCH + 1)]
    columns = zip(*((row.event_id, row.type, row.body) for row in letters), strict=True)
    async with database.transaction() as conn:
        await conn.execute(FILL, *map(list, columns))
        await conn.execute("UPDATE outbox SET created_at = created_at - interval '1 hour'")
    rests = []
    while await relay._lease():
        rests.append(pace.rest)
    assert [MOST_REST, 0.0] == rests


async def _pages(database: Database, begin: int) -> int:
    """How many pages a look from there touches, as PostgreSQL counts them."""
    look = "SELECT seq FROM outbox WHERE leased_until <= now() AND seq >= $1 ORDER BY seq LIMIT 500"
    async with database.acquire() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {look}", begin)
    counted = json.loads(plan)[0]["Plan"]
    return int(counted["Shared Hit Blocks"]) + int(counted["Shared Read Blocks"])


async def test_two_relays_share_without_doubling(database: Database, rabbitmq: RabbitMQ) -> None:
    """Two instances of a service empty one outbox, and each event leaves once."""
    async with database.transaction() as conn:
        written = {await outbox.publish(conn, RECEIVED) for _ in range(1200)}
    async with relaying(database, rabbitmq), relaying(database, rabbitmq):
        await eventually(lambda: waiting(database), 0)
    arrived = await drain(rabbitmq)
    assert written == set(arrived)
    assert len(written) == len(arrived)


async def test_unroutable_event_waits(database: Database, rabbitmq: RabbitMQ) -> None:
    """With no queue bound, nothing is marked published; with the queue back, it arrives."""
    async with relaying(database, rabbitmq) as relay:
        await eventually(lambda: asyncio.sleep(0, relay.connected), True)
        await _unbind(rabbitmq)
        async with database.transaction() as conn:
            event_id = await outbox.publish(conn, RECEIVED)
        await asyncio.sleep(1.0)
        assert 1 == await waiting(database)
        async with broker.connection(rabbitmq.amqp_url, "test", "test") as opened:
            await broker.declare_topology(opened)
        await eventually(lambda: waiting(database), 0)
    assert [event_id] == await drain(rabbitmq)


async def _unbind(rabbitmq: RabbitMQ) -> None:
    async with await aio_pika.connect(rabbitmq.amqp_url) as connection:
        channel = await connection.channel()
        for consumer in ("verification", "scoring"):
            queue = await channel.get_queue(flows.queue_name(consumer, SubmissionReceived))
            await queue.unbind(flows.EXCHANGE, SubmissionReceived.TYPE)


async def test_an_expired_lease_is_sent_again(database: Database, rabbitmq: RabbitMQ) -> None:
    """A relay killed between lease and deletion loses nothing: the next one sends the row."""
    async with database.transaction() as conn:
        event_id = await outbox.publish(conn, RECEIVED)
        await conn.execute("UPDATE outbox SET leased_until = now() + interval '1 second'")
    async with relaying(database, rabbitmq):
        await eventually(lambda: waiting(database), 0)
    assert [event_id] == await drain(rabbitmq)


async def test_a_broken_broker_connection_heals(database: Database, rabbitmq: RabbitMQ) -> None:
    """Killing the broker under load loses nothing; the relay goes on by itself."""
    written: set[UUID] = set()
    async with relaying(database, rabbitmq):
        for round_no in range(6):
            if round_no == 2:
                await rabbitmq.kill()
            if round_no == 4:
                await rabbitmq.start()
            async with database.transaction() as conn:
                written |= {await outbox.publish(conn, RECEIVED) for _ in range(100)}
            await asyncio.sleep(0.2)
        await eventually(lambda: waiting(database), 0)
    assert written == set(await drain(rabbitmq))


async def test_a_hint_from_another_process_wakes(database: Database, rabbitmq: RabbitMQ) -> None:
    """A command that publishes without a relay has its event sent by the running service."""
    async with relaying(database, rabbitmq):
        async with database.acquire() as conn:
            await outbox.publish(conn, RECEIVED)
            await outbox.hint(conn)
        await eventually(lambda: waiting(database), 0)
    assert 1 == len(await drain(rabbitmq))


async def test_body_is_the_envelope(database: Database) -> None:
    """The row holds the envelope that travels, with the trace of the publishing task."""
    async with database.transaction() as conn:
        event_id = await outbox.publish(conn, RECEIVED)
        body = json.loads(await conn.fetchval("SELECT body FROM outbox"))
    assert (str(event_id), "submission.received.v1") == (body["id"], body["type"])
    assert body["traceparent"].startswith("00-")


async def test_who_only_reads_wakes_nobody_and_writes_nothing(database: Database) -> None:
    """A page that is looked at costs no look at the outbox; PostgreSQL refuses it to publish."""
    woken: list[bool] = []
    database.after_commit.append(lambda: woken.append(True))
    async with database.reading() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM outbox")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.reading() as conn:
            await outbox.publish(conn, RECEIVED)
    assert [] == woken
