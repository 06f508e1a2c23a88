"""RabbitMQ: connections and the topology that FLOWS gives.

Nothing outside this module, `publishing` and `consuming` knows AMQP. Publishing and consuming use
separate connections; each is plain (not "robust"): when it breaks, its owner opens a new one, so
that no state outlives a break.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aio_pika
import aiormq
from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.exceptions import (
    AMQPError,
    ChannelInvalidStateError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)
from pamqp.common import FieldTable
from yarl import URL

from shared import faults, flows
from shared.observe import log, metrics
from shared.values.backoff import apart

AWAY = (AMQPError, ChannelInvalidStateError, OSError, TimeoutError)
CONNECT_SECONDS = 10.0
RECONNECT_SECONDS = 0.5
HEARTBEAT_SECONDS = 10


class Alarm(logging.Filter):
    """Why the broker takes nothing from us: it is low on memory or disk.

    It says so on a connection that publishes (`connection.blocked`), and the driver does nothing
    but log it.
    """

    blocked = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the driver's word; let through only what ends a process."""
        if "was blocked by" in record.msg and isinstance(record.args, tuple):
            self.note(str(record.args[-1]))
        elif "was unblocked" in record.msg:
            self.note("")
        # It warns at every attempt to connect; `reconnecting` says it once.
        return record.levelno >= logging.CRITICAL

    def note(self, why: str) -> None:
        """As it is now; said once."""
        if why and not self.blocked:
            log.get().error("broker took nothing more", reason=why)
        self.blocked = why


ALARM = Alarm()
logging.getLogger("aiormq.connection").addFilter(ALARM)


@asynccontextmanager
async def connection(url: str, role: str, service: str) -> AsyncIterator[AbstractConnection]:
    """One connection, closed at the end. Raises one of AWAY when the broker cannot be reached."""
    opened = await _connect(url, f"{service} {role}")
    metrics.BROKER_CONNECTED.labels(role).set(1)
    try:
        yield opened
    finally:
        metrics.BROKER_CONNECTED.labels(role).set(0)
        await asyncio.wait({asyncio.ensure_future(opened.close())}, timeout=5)


async def _connect(url: str, name: str) -> AbstractConnection:
    heartbeat = "&" if "?" in url else "?"
    whole = URL(
        f"{url}{heartbeat}heartbeat={HEARTBEAT_SECONDS}"
    )  # ValueError: settings, not trouble
    try:
        return await aio_pika.connect(
            whole, timeout=CONNECT_SECONDS, client_properties={"connection_name": name}
        )
    except AWAY:
        raise
    except Exception as error:
        # Whoever goes away while it greets, or is no broker, leaves the driver with half a frame,
        # and it raises whatever it stumbles over: StopAsyncIteration, struct.error, KeyError.
        raise ConnectionError(f"no greeting of a broker: {error!r}") from error


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
        except (*AWAY, *faults.PASSING) as error:
            if time.monotonic() - began > CONNECT_SECONDS:
                said = ""  # it had been connected: this is a new break
            if type(error).__name__ != said:
                said = type(error).__name__
                log.get().warning("waited for the broker", state=role, error=repr(error))
            await asyncio.sleep(apart(RECONNECT_SECONDS))


async def open_channel(opened: AbstractConnection, *, confirms: bool) -> Channel:
    """aiormq's own channel, below aio-pika's."""
    channel = await _transport(opened).channel(
        publisher_confirms=confirms, on_return_raises=confirms
    )
    assert isinstance(channel, Channel)  # noqa: S101 (tells mypy)
    return channel


def _transport(opened: AbstractConnection) -> aiormq.abc.AbstractConnection:
    assert opened.transport is not None  # noqa: S101 (it is open)
    return opened.transport.connection


class NotDeclared(ConnectionError):
    """Somebody with the right to do so must declare the topology first, as with migrations."""


async def check_topology(opened: AbstractConnection) -> None:
    """NotDeclared unless every queue and binding of these FLOWS is there.

    It publishes nothing to an exchange that leads nowhere. A passive declaration would be plainer,
    but some brokers (4.2.6, 4.3.0) allow it only to those who may also declare.
    """
    channel = await open_channel(opened, confirms=True)
    try:
        await channel.basic_publish(b"", exchange=flows.topology_mark(), timeout=CONNECT_SECONDS)
    except ChannelNotFoundEntity:
        raise NotDeclared("queues not declared; run: mashang broker topology") from None
    ALARM.note("")  # it has just taken something
    await channel.close()


async def declare_topology(opened: AbstractConnection) -> None:
    """The exchange, every queue of every service, the bindings; needs rights no service has."""
    channel = await open_channel(opened, confirms=False)
    await channel.exchange_declare(flows.EXCHANGE, exchange_type="topic", durable=True)
    for queue, routing_key in flows.bindings():
        try:
            await channel.queue_declare(
                queue, durable=True, arguments=queue_arguments(_version(opened))
            )
        except ChannelPreconditionFailed as error:
            # Declared by an older broker or by hand: take it as it is, and let a person decide.
            log.get().warning("queue kept other arguments", queue=queue, reason=str(error))
            channel = await open_channel(opened, confirms=False)
        await channel.queue_bind(queue, flows.EXCHANGE, routing_key)
    await channel.exchange_declare(flows.topology_mark(), exchange_type="fanout", durable=True)
    await channel.close()


async def set_up(url: str) -> None:
    """Connect as an administrator and declare the topology. Safe to repeat."""
    async with connection(url, "topology", "mashang") as opened:
        await declare_topology(opened)


def queue_arguments(version: tuple[int, ...]) -> FieldTable:
    """Quorum queues that never drop a message for having been delivered often.

    From RabbitMQ 4 the default limit is 20 deliveries and -1 means none. Before 4, no argument
    means no limit, and -1 drops every message at its first redelivery (measured on 3.10.8).
    """
    unlimited: FieldTable = {"x-delivery-limit": -1} if version >= (4,) else {}
    return {"x-queue-type": "quorum"} | unlimited


def _version(opened: AbstractConnection) -> tuple[int, ...]:
    text = str(_transport(opened).server_properties.get("version", "0"))
    return tuple(int(part) for part in re.findall("[0-9]+", text)[:2])
