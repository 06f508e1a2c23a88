"""Looking into the broker's queues from outside, and emptying them between rounds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel

from shared import flows
from shared.bus import broker
from shared.events import Event


@asynccontextmanager
async def channel(url: str) -> AsyncIterator[AbstractChannel]:
    """A channel on a broker that has every queue of the system."""
    connection = await aio_pika.connect(url)
    async with connection:
        await broker.declare_topology(connection)
        yield await connection.channel()


def queues_of(event: type[Event]) -> list[str]:
    """The queues into which the broker copies this event."""
    return [queue for queue, routing_key in flows.bindings() if routing_key == event.TYPE]


async def empty(opened: AbstractChannel, event: type[Event]) -> dict[str, int]:
    """Purge the event's queues; how many each held."""
    held = {}
    for name in queues_of(event):
        queue = await opened.get_queue(name)
        held[name] = (await queue.purge()).message_count or 0
    return held
