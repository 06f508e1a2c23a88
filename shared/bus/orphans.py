"""Queues that FLOWS once had and has no more: they fill for ever, and nobody reads them.

AMQP lists no queues, so they are looked for by name: every service with every event, and what
`flows.RETIRED` names of services and events that are gone altogether.
"""

from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelNotFoundEntity

from shared import flows
from shared.bus.broker import connection, open_channel


def candidates() -> list[str]:
    """Every name that a queue of ours may have had, without those that FLOWS has."""
    named = {f"{service}.{event}" for service in flows.SERVICES for event in flows.EVENTS}
    return sorted((named | set(flows.RETIRED)) - {queue for queue, _ in flows.bindings()})


async def find(url: str) -> dict[str, int]:
    """The orphans that are there, with how many messages wait in each."""
    async with connection(url, "orphans", "mashang") as opened:
        found = {name: await _messages(opened, name) for name in candidates()}
    return {name: count for name, count in found.items() if count is not None}


async def _messages(opened: AbstractConnection, queue: str) -> int | None:
    channel = await open_channel(opened, confirms=False)  # a queue that is missing closes it
    try:
        answer = await channel.queue_declare(queue, passive=True)
    except ChannelNotFoundEntity:
        return None
    await channel.close()
    return answer.message_count


async def remove(url: str, queue: str) -> None:
    """Remove an orphan with what is in it; ValueError for any other queue."""
    if queue not in candidates():
        raise ValueError(f"{queue} is no orphan")
    async with connection(url, "orphans", "mashang") as opened:
        channel = await open_channel(opened, confirms=False)
        await channel.queue_delete(queue, if_unused=True)
