"""Consuming a service's queues into batches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiormq import Channel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelInvalidStateError
from pamqp.common import FieldTable

from shared import flows
from shared.bus.broker import check_topology, connection, open_channel

BATCH = 200


@dataclass(frozen=True)
class Delivery:
    """What came in. `times` counts deliveries of this message, 1 for the first."""

    message_id: str | None
    type: str
    body: bytes
    times: int
    tag: int


Take = Callable[[Sequence[Delivery]], Awaitable[None]]


class Consumer:
    """One channel for all of a service's queues, so that one `ack` covers a whole batch."""

    def __init__(self, url: str, service: str, prefetch: int, take: Take) -> None:
        self._url, self._service, self._prefetch, self._take = url, service, prefetch, take
        self._buffer: list[Delivery] = []
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self.connected = False

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Finish the batch in hand, then end `consume`; the buffered rest goes back."""
        self._stopping.set()
        self._arrived.set()

    async def consume(self) -> None:
        """Until `stop` or a break of the connection (then raises one of AWAY)."""
        async with connection(self._url, "consumer", self._service) as opened:
            await check_topology(opened)
            channel = await open_channel(opened, confirms=False)
            self._buffer.clear()
            # Holds for each consumer that starts after it; global qos is refused by 4.x.
            await channel.basic_qos(prefetch_count=self._prefetch, global_=False)
            for event in flows.heard_by(self._service):
                await channel.basic_consume(
                    flows.queue_name(self._service, event), self._on_message
                )
            self.connected = True
            try:
                await self._work(channel)
            finally:
                self.connected = False

    async def _on_message(self, message: DeliveredMessage) -> None:
        properties = message.header.properties
        self._buffer.append(
            Delivery(
                message_id=properties.message_id,
                type=message.routing_key or "",
                body=message.body,
                times=delivered_times(properties.headers or {}),
                tag=message.delivery_tag or 0,
            )
        )
        self._arrived.set()

    async def _work(self, channel: Channel) -> None:
        closing = asyncio.ensure_future(channel.closing)
        while not self._stopping.is_set():
            arrived = asyncio.ensure_future(self._arrived.wait())
            await asyncio.wait({arrived, closing}, return_when=asyncio.FIRST_COMPLETED)
            arrived.cancel()
            if closing.done():
                raise ChannelInvalidStateError("the broker closed the channel")
            batch, self._buffer = self._buffer[:BATCH], self._buffer[BATCH:]
            if not self._buffer and not self._stopping.is_set():
                self._arrived.clear()
            if batch:
                await self._take(batch)
                await channel.basic_ack(batch[-1].tag, multiple=True)


def delivered_times(headers: FieldTable) -> int:
    """How often the broker delivered a message, from a quorum queue's headers (3.10 to 4.x)."""
    count = headers.get("x-delivery-count")
    acquired = headers.get("x-acquired-count")
    returned = max((n for n in (count, acquired) if isinstance(n, int)), default=0)
    return returned + 1
