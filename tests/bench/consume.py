"""Verification's hearing of submissions, as a process of its own, in our way or in FastStream's.

    python -m tests.bench.consume inbox|faststream COUNT

It handles COUNT events with verification's own handler and prints the seconds from the first
delivery to the last acknowledgement.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial

import uvloop
from faststream import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from services.verification.casework import handlers
from services.verification.casework.acts.desk import Desk
from services.verification.settings import Settings
from shared import config, flows, policy
from shared.bus import days
from shared.bus.consuming import Consumer, Delivery
from shared.bus.handling import Bulk, Handler
from shared.bus.inbox import Inbox
from shared.db import Database
from shared.events import Envelope, SubmissionReceived
from shared.observe import log

SERVICE = "verification"


class Tally:
    """Counts down to the last event, with the clock running from the first."""

    def __init__(self, count: int) -> None:
        self._left, self._started = count, 0.0
        self.seconds: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """A delivery came in."""
        self._started = self._started or time.perf_counter()

    def handled(self, number: int) -> None:
        """So many are committed."""
        self._left -= number
        if self._left <= 0 and not self.seconds.done():
            self.seconds.set_result(time.perf_counter() - self._started)


async def with_inbox(settings: Settings, database: Database, handler: Handler, count: int) -> float:
    """shared.consuming.Consumer and shared.inbox.Inbox: a transaction and an ack for each batch."""
    tally = Tally(count)
    box = Inbox(database, SERVICE, {SubmissionReceived: handler})

    async def take(deliveries: Sequence[Delivery]) -> None:
        tally.begin()
        await box.take(deliveries)
        tally.handled(len(deliveries))

    consumer = Consumer(settings.amqp_url.get_secret_value(), SERVICE, settings.prefetch, take)
    consuming = asyncio.create_task(consumer.consume())
    seconds = await tally.seconds
    consumer.stop()
    await consuming
    return seconds


async def with_faststream(
    settings: Settings, database: Database, handler: Handler, count: int
) -> float:
    """A subscriber with a transaction for each message, acknowledged after COMMIT."""
    tally = Tally(count)
    channel = Channel(prefetch_count=settings.prefetch)
    broker = RabbitBroker(
        settings.amqp_url.get_secret_value(), default_channel=channel, logger=None
    )
    name = flows.queue_name(SERVICE, SubmissionReceived)
    queue = RabbitQueue(name, QueueType.QUORUM, durable=True, declare=False)

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def hear(body: bytes) -> None:
        tally.begin()
        envelope = Envelope.model_validate_json(body)
        event = SubmissionReceived.model_validate(envelope.data)
        async with database.transaction() as conn:
            await handler(conn, event)
        tally.handled(1)

    async with broker:
        await broker.start()
        return await tally.seconds


WAYS = {"inbox": with_inbox, "faststream": with_faststream}


async def main(way: str, count: int) -> float:
    """The seconds that it took."""
    settings = config.load(Settings)
    url = settings.database_url.get_secret_value()
    database = await Database.connect(url, SERVICE, settings.pool_size)
    await days.keep(database, "inbox", None)
    policies = policy.load(settings.policy_file)
    try:
        desk = Desk(policies, settings.seal)
        handler = Bulk(partial(handlers.on_submissions_received, desk))
        return await WAYS[way](settings, database, handler, count)
    finally:
        await database.close()


if __name__ == "__main__":
    log.configure(SERVICE)
    print(uvloop.run(main(sys.argv[1], int(sys.argv[2]))))
