"""RabbitMQ: topology from FLOWS, confirmed publishing, consuming into batches.

Nothing outside this module knows AMQP. Publishing and consuming use separate connections; each is
plain (not "robust"): when it breaks, its owner opens a new one, so that no state outlives a break.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import aio_pika
import aiormq
from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.abc import ChannelFrame, DeliveredMessage
from aiormq.exceptions import (
    AMQPError,
    ChannelInvalidStateError,
    ChannelPreconditionFailed,
    PublishError,
)
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.common import FieldTable
from pamqp.header import ContentHeader

from shared import db, flows, log, metrics
from shared.events import CONTENT_TYPE

AWAY = (AMQPError, ChannelInvalidStateError, OSError, TimeoutError)
CONNECT_SECONDS = 10.0
RECONNECT_SECONDS = 0.5
PUBLISH_SECONDS = 10.0
HEARTBEAT_SECONDS = 10
BATCH = 200
CHUNK = 100
BODY_FRAME = 64 * 1024  # below every broker's default frame size

Confirmation = asyncio.Future[Any]


@dataclass(frozen=True)
class Letter:
    """What goes out: an envelope as JSON text, under its event id and type."""

    event_id: UUID
    type: str
    body: str


@dataclass(frozen=True)
class Delivery:
    """What came in. `times` counts deliveries of this message, 1 for the first."""

    message_id: str | None
    type: str
    body: bytes
    times: int
    tag: int


@asynccontextmanager
async def connection(url: str, role: str, service: str) -> AsyncIterator[AbstractConnection]:
    """One connection, closed at the end. Raises one of AWAY when the broker cannot be reached."""
    heartbeat = "&" if "?" in url else "?"
    opened = await aio_pika.connect(
        f"{url}{heartbeat}heartbeat={HEARTBEAT_SECONDS}",
        timeout=CONNECT_SECONDS,
        client_properties={"connection_name": f"{service} {role}"},
    )
    metrics.BROKER_CONNECTED.labels(role).set(1)
    try:
        yield opened
    finally:
        metrics.BROKER_CONNECTED.labels(role).set(0)
        await asyncio.wait({asyncio.ensure_future(opened.close())}, timeout=5)


async def reconnecting(
    role: str, work: Callable[[], Awaitable[None]], stopping: Callable[[], bool]
) -> None:
    """Run `work` to its end, again whenever the broker (or the database) breaks it, until stopped.

    Says once what is missing, not at every attempt; a broker that starts is found within 0.5 s.
    """
    said = ""
    while not stopping():
        began = time.monotonic()
        try:
            await work()
            return
        except (*AWAY, *db.AWAY) as error:
            if time.monotonic() - began > CONNECT_SECONDS:
                said = ""  # it had been connected: this is a new break
            if type(error).__name__ != said:
                said = type(error).__name__
                log.get().warning("waited for the broker", state=role, error=repr(error))
            await asyncio.sleep(RECONNECT_SECONDS)


async def _channel(opened: AbstractConnection, *, confirms: bool) -> Channel:
    channel = await _transport(opened).channel(
        publisher_confirms=confirms, on_return_raises=confirms
    )
    assert isinstance(channel, Channel)  # noqa: S101 (tells mypy)
    return channel


def _transport(opened: AbstractConnection) -> aiormq.abc.AbstractConnection:
    assert opened.transport is not None  # noqa: S101 (it is open)
    return opened.transport.connection


async def declare_topology(opened: AbstractConnection) -> None:
    """The exchange, and every queue of every service, so that no event is unroutable at first."""
    channel = await _channel(opened, confirms=False)
    await channel.exchange_declare(flows.EXCHANGE, exchange_type="topic", durable=True)
    for queue, routing_key in flows.bindings():
        try:
            await channel.queue_declare(
                queue, durable=True, arguments=queue_arguments(_version(opened))
            )
        except ChannelPreconditionFailed as error:
            # Declared by an older broker or by hand: take it as it is, and let a person decide.
            log.get().warning("queue kept other arguments", queue=queue, reason=str(error))
            channel = await _channel(opened, confirms=False)
        await channel.queue_bind(queue, flows.EXCHANGE, routing_key)
    await channel.close()


def queue_arguments(version: tuple[int, ...]) -> FieldTable:
    """Quorum queues that never drop a message for having been delivered often.

    From RabbitMQ 4 the default limit is 20 deliveries and -1 means none. Before 4, no argument
    means no limit, and -1 drops every message at its first redelivery (measured on 3.10.8).
    """
    unlimited: FieldTable = {"x-delivery-limit": -1} if version >= (4,) else {}
    return {"x-queue-type": "quorum"} | unlimited


def _version(opened: AbstractConnection) -> tuple[int, ...]:
    text = str(_transport(opened).server_properties.get("version", "0"))
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


class Unroutable(Exception):
    """The broker returned it: no queue is bound for this event."""


class Publisher:
    """Confirmed, mandatory publishing on one channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def publish(self, letters: Sequence[Letter]) -> list[BaseException | None]:
        """Send a batch; for each letter None when confirmed, Unroutable, or why it is not known.

        After anything but None and Unroutable, a letter may still be on its way: open a new
        channel before sending it again, since one id must never be twice in flight on a channel.
        """
        confirmations: list[Confirmation] = []
        failure: BaseException = TimeoutError("no confirmation in time")
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                for start in range(0, len(letters), CHUNK):
                    confirmations += await self._put(letters[start : start + CHUNK])
                if confirmations:
                    await asyncio.wait(confirmations)
        except AWAY as error:
            failure = error
        outcomes = [_outcome(confirmation, failure) for confirmation in confirmations]
        return outcomes + [failure] * (len(letters) - len(outcomes))

    async def _put(self, letters: Sequence[Letter]) -> list[Confirmation]:
        # What aiormq's basic_publish does, for many letters in one write: it takes a lock, a timer
        # and three task switches for each, 255 µs of processor time against 90 (measured).
        channel, confirmations = self._channel, list[Confirmation]()
        frames: list[Frame | ContentHeader | ContentBody] = []
        async with channel.lock:
            if channel.is_closed:
                raise ChannelInvalidStateError("channel closed")
            for letter in letters:
                channel.delivery_tag += 1
                message_id, confirmation = str(letter.event_id), channel.create_future()
                channel.confirmations[channel.delivery_tag] = confirmation
                channel.message_id_delivery_tag[message_id] = channel.delivery_tag
                confirmation.add_done_callback(partial(self._settled, message_id))
                confirmations.append(confirmation)
                frames += _frames(letter, message_id)
            await channel.write_queue.put(
                ChannelFrame.marshall(frames=frames, channel_number=channel.number)
            )
        return confirmations

    def _settled(self, message_id: str, confirmation: Confirmation) -> None:
        self._channel.message_id_delivery_tag.pop(message_id, None)
        if not confirmation.cancelled():
            confirmation.exception()  # taken, so that nobody complains that it never was


def _frames(letter: Letter, message_id: str) -> list[Frame | ContentHeader | ContentBody]:
    body = letter.body.encode()
    properties = Basic.Properties(content_type=CONTENT_TYPE, delivery_mode=2, message_id=message_id)
    return [
        Basic.Publish(exchange=flows.EXCHANGE, routing_key=letter.type, mandatory=True),
        ContentHeader(properties=properties, body_size=len(body)),
        *(ContentBody(body[at : at + BODY_FRAME]) for at in range(0, len(body), BODY_FRAME)),
    ]


def _outcome(confirmation: Confirmation, failure: BaseException) -> BaseException | None:
    if not confirmation.done() or confirmation.cancelled():
        return failure
    error = confirmation.exception()
    return Unroutable() if isinstance(error, PublishError) else error


@asynccontextmanager
async def publisher(url: str, service: str) -> AsyncIterator[Publisher]:
    """A connection for publishing, with the topology declared."""
    async with connection(url, "publisher", service) as opened:
        await declare_topology(opened)
        yield Publisher(await _channel(opened, confirms=True))


Take = Callable[[Sequence[Delivery]], Awaitable[None]]


class Consumer:
    """One channel for all of a service's queues, so that one `ack` covers a whole batch."""

    def __init__(self, url: str, service: str, prefetch: int, take: Take) -> None:
        self._url, self._service, self._prefetch, self._take = url, service, prefetch, take
        self._buffer: list[Delivery] = []
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self.connected = False

    def stop(self) -> None:
        """Finish the batch in hand, then end `consume`; the buffered rest goes back."""
        self._stopping.set()
        self._arrived.set()

    async def consume(self) -> None:
        """Until `stop` or a break of the connection (then raises one of AWAY)."""
        async with connection(self._url, "consumer", self._service) as opened:
            await declare_topology(opened)
            channel = await _channel(opened, confirms=False)
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
