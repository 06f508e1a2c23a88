"""Queues that FLOWS once had and has no more: they fill for ever, and nobody reads them.

AMQP lists no queues, so they are looked for by name: every service with every event, and what
`flows.RETIRED` names of services and events that are gone altogether.
"""

from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.commands import Basic
from pydantic import ValidationError

from shared import flows
from shared.bus.broker import connection, open_channel
from shared.events import Envelope

MOST_SHOWN = 1000


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


async def look(url: str, queue: str, most: int = MOST_SHOWN) -> list[str]:
    """What is in an orphan, by kind of event with its times; it all stays there."""
    kinds: dict[str, list[str]] = {}
    async with connection(url, "orphans", "mashang") as opened:
        channel = await open_channel(opened, confirms=False)
        for _ in range(most):
            message = await channel.basic_get(queue)
            if isinstance(message.delivery, Basic.GetEmpty):
                break
            kind, at = _told(message.body)
            kinds.setdefault(kind, []).append(at)
        await channel.close()  # nothing was acknowledged, so everything goes back
    return [
        f"{len(times)} × {kind}, from {min(times)} to {max(times)}"
        for kind, times in sorted(kinds.items())
    ]


def _told(body: bytes) -> tuple[str, str]:
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError:
        return "unreadable", "?"
    return envelope.type, f"{envelope.time:%Y-%m-%d %H:%M}"


async def remove(url: str, queue: str) -> None:
    """Remove an orphan with what is in it; ValueError for any other queue."""
    if queue not in candidates():
        raise ValueError(f"{queue} is no orphan")
    async with connection(url, "orphans", "mashang") as opened:
        channel = await open_channel(opened, confirms=False)
        await channel.queue_delete(queue, if_unused=True)
