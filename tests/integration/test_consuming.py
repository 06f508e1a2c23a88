"""What a consumer has taken out of a queue, on a real RabbitMQ, when its process ends."""

import asyncio
from collections.abc import Sequence

import pytest

from deploy.local.rabbitmq import RabbitMQ
from shared.bus.broker import AWAY
from shared.bus.consuming import BATCH, Consumer, Delivery
from tests.conftest import eventually
from tests.integration.test_inbox import SERVICE, clean_queue, left_in_queue, send
from tests.proxy import proxy

__all__ = ["clean_queue"]
pytestmark = pytest.mark.usefixtures("clean_queue")


async def test_a_process_that_dies_in_a_batch_leaves_it_in_the_queue(rabbitmq: RabbitMQ) -> None:
    """Nothing is acknowledged before the batch is stored: the next process gets all of it."""
    await send(rabbitmq, 40)
    begun = asyncio.Event()

    async def die(_: Sequence[Delivery]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with proxy(rabbitmq.port) as network:
        url = network.through(rabbitmq.amqp_url)
        consuming = asyncio.create_task(Consumer(url, SERVICE, BATCH, die).consume())
        await asyncio.wait_for(begun.wait(), 60)
        await asyncio.sleep(0.2)  # for whatever was said to the broker too early
        network.drop()
        consuming.cancel()
        with pytest.raises((asyncio.CancelledError, *AWAY)):
            await consuming
    await eventually(lambda: left_in_queue(rabbitmq), 40)


async def test_what_was_stored_does_not_come_again(rabbitmq: RabbitMQ) -> None:
    """The batch in hand is acknowledged also by a consumer that was told to stop meanwhile."""
    await send(rabbitmq, 40)
    taken = 0

    async def take(batch: Sequence[Delivery]) -> None:
        nonlocal taken
        taken += len(batch)
        if taken == 40:
            consumer.stop()

    consumer = Consumer(rabbitmq.amqp_url, SERVICE, BATCH, take)
    await asyncio.wait_for(consumer.consume(), 60)
    await eventually(lambda: left_in_queue(rabbitmq), 0)
