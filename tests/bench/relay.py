"""P2: how fast an outbox is emptied, by our relay and by aio-pika's own `Exchange.publish`."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractExchange

from shared import flows
from shared.bus.outbox import letter
from shared.bus.pace import Pace
from shared.bus.relay import BATCH, Relay
from shared.db import Database
from shared.events import CONTENT_TYPE, Event, ScoreChanged, SubmissionReceived
from shared.tasks import Tasks
from tests.bench import queues
from tests.bench.rounds import Contestant, interleave
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report
from tests.samples import SAMPLES

EVENTS_A_SECOND = 3500
_FILL = """
    INSERT INTO outbox (event_id, type, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
"""
_LEASE = """
    UPDATE outbox SET leased_until = now() + interval '15 s'
    WHERE seq IN (SELECT seq FROM outbox WHERE leased_until <= now()
                  ORDER BY seq LIMIT 500 FOR UPDATE SKIP LOCKED)
    RETURNING event_id, type, body
"""
_DELETE = "DELETE FROM outbox WHERE event_id = ANY($1::uuid[])"

Emptying = Callable[[Database, str, str], Coroutine[Any, Any, float]]


class Course:
    """One event's outbox, filled again for each run, and checked after it."""

    def __init__(self, lab: Lab, event: type[Event], count: int, wrong: list[str]) -> None:
        self._lab, self.event, self._count, self._wrong = lab, event, count, wrong
        self.service = flows.producer_of(event)

    async def run(self, emptying: Emptying) -> float:
        """Fill, empty under the clock, check that every queue got every event. Events/s."""
        database = await Database.connect(await self._lab.database(self.service), self.service)
        async with queues.channel(self._lab.rabbitmq.amqp_url) as channel:
            await queues.empty(channel, self.event)
            await self._lab.truncate(self.service, "outbox", "sent")
            await self._fill(database)
            seconds = await emptying(database, self._lab.rabbitmq.amqp_url, self.service)
            await self._check(database, await queues.empty(channel, self.event))
        await database.close()
        return self._count / seconds

    async def _fill(self, database: Database) -> None:
        sample = next(event for event in SAMPLES if isinstance(event, self.event))
        body = letter(sample, self.service).body
        own = str(letter(sample, self.service).event_id)
        ids = [uuid4() for _ in range(self._count)]
        async with database.acquire() as conn:
            await conn.execute(
                _FILL,
                ids,
                [self.event.TYPE] * self._count,
                [body.replace(own, str(event_id)) for event_id in ids],
            )

    async def _check(self, database: Database, held: dict[str, int]) -> None:
        async with database.acquire() as conn:
            left = await conn.fetchval("SELECT count(*) FROM outbox")
        if left or set(held.values()) != {self._count}:
            self._wrong.append(f"{self.event.TYPE}: {left} left of {self._count}, queues {held}")


async def with_our_relay(database: Database, url: str, service: str) -> float:
    """shared.bus.relay.Relay, from its connection to the last deletion, in seconds."""
    relay = Relay(database, url, service, Tasks(), Pace())
    running = asyncio.create_task(relay.run())
    while not relay.connected and not running.done():  # noqa: ASYNC110  it has no event for it
        await asyncio.sleep(0.001)
    started = time.perf_counter()
    relay.stop()  # sends what is there, then ends
    await running
    return time.perf_counter() - started


async def with_aio_pika(database: Database, url: str, service: str) -> float:
    """The same lease, publish, delete with the library's documented way to publish."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(flows.EXCHANGE)
        started = time.perf_counter()
        while rows := await _lease(database):
            await asyncio.gather(*(_publish(exchange, *row) for row in rows))
            async with database.acquire() as conn, conn.transaction():
                await conn.execute("SET LOCAL synchronous_commit = off")
                await conn.execute(_DELETE, [row[0] for row in rows])
        return time.perf_counter() - started


async def _lease(database: Database) -> Sequence[tuple[Any, str, str]]:
    async with database.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        return [tuple(row) for row in await conn.fetch(_LEASE)]


async def _publish(exchange: AbstractExchange, event_id: object, kind: str, body: str) -> None:
    message = aio_pika.Message(
        body.encode(),
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(event_id),
    )
    await exchange.publish(message, routing_key=kind, mandatory=True, timeout=10)


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """Both ways, for an event with one consumer's queue and for one with two."""
    wrong: list[str] = []
    contestants: dict[str, Contestant] = {}
    for event in (SubmissionReceived, ScoreChanged):
        course = Course(lab, event, int(seconds * EVENTS_A_SECOND), wrong)
        fan_out = len(queues.queues_of(event))
        to = f"to {fan_out} quorum queue{'s' if fan_out > 1 else ''}"
        for name, emptying in (("relay", with_our_relay), ("aio-pika", with_aio_pika)):
            contestants[f"{name}, {to}"] = _contestant(course, emptying)
    series = await interleave(contestants, rounds, lab.say)
    one, two = "to 1 quorum queue", "to 2 quorum queues"
    return Report(
        "relay",
        "P2  confirmed events/s of one process emptying an outbox",
        series,
        (
            Aim(f"relay {two}", f"relay, {two}", None, 5000),
            Aim(f"relay {one}", f"relay, {one}", None, 5000),
            Aim(f"relay / aio-pika {two}", f"relay, {two}", f"aio-pika, {two}", 1),
        ),
        (f"{BATCH} rows a lease, persistent messages, each confirmed and mandatory",),
        tuple(wrong),
    )


def _contestant(course: Course, emptying: Emptying) -> Contestant:
    return lambda: course.run(emptying)
