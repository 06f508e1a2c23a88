"""A broker that goes away while it greets: it is away, and no service ends for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.rabbitmq import RabbitMQ
from shared.bus import broker

# So much of its first frame (Connection.Start, some 500 bytes) is heard.
LENGTHS = [0, 1, 6, 7, 8, 11, 100, 400]
GARBAGE = [
    b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
    b"\x00" * 64,
    b"AMQP\x00\x00\x09\x01",
    b"\xff" * 600,
]


@asynccontextmanager
async def saying(words: bytes, *, reset: bool = False) -> AsyncIterator[str]:
    """Somebody who says these words at once and hangs up: where they are."""

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        if reset:
            writer.transport.abort()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(accept, LOOPBACK, port):
        yield f"amqp://guest:guest@{LOOPBACK}:{port}/"


async def open_at(url: str) -> None:
    """Connect, and close again, on a loop as busy as that of a service that starts."""
    await asyncio.to_thread(uvloop.run, _open_at(url))


async def _open_at(url: str) -> None:
    busy = asyncio.create_task(_keep_busy())
    try:
        async with broker.connection(url, "consumer", "scoring"):
            pass
    finally:
        busy.cancel()


async def _keep_busy() -> None:
    while True:
        time.sleep(0.01)  # noqa: ASYNC251  that is the point: meanwhile the end has come
        await asyncio.sleep(0)


async def greeting(port: int) -> bytes:
    """What a real broker says first."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"AMQP\x00\x00\x09\x01")
    said = await reader.read(4096)
    writer.close()
    await writer.wait_closed()
    return said


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
async def test_cut_anywhere_in_its_greeting_a_broker_is_away(
    rabbitmq: RabbitMQ, reset: bool
) -> None:
    """Whatever the driver makes of half a frame, callers hear one of AWAY."""
    said = await greeting(rabbitmq.port)
    for length in [*LENGTHS, len(said) - 1, len(said)]:
        async with saying(said[:length], reset=reset) as url:
            with pytest.raises(broker.AWAY):
                await open_at(url)


@pytest.mark.parametrize("words", GARBAGE, ids=["http", "zeros", "another version", "ones"])
async def test_what_is_no_broker_is_away(words: bytes) -> None:
    """A balancer's error page, zeros, another protocol: not ours to die of."""
    async with saying(words) as url:
        with pytest.raises(broker.AWAY):
            await open_at(url)


async def test_whoever_reconnects_outlives_broken_greetings(rabbitmq: RabbitMQ) -> None:
    """The loop of relay and consumer goes on until a broker greets to the end."""
    said = await greeting(rabbitmq.port)
    tries: list[str] = []

    async def work() -> None:
        words = {0: b"", 1: said[:7], 2: said}.get(len(tries))
        tries.append("")
        if words is None:
            return await open_at(rabbitmq.amqp_url)
        async with saying(words) as url:
            return await open_at(url)

    working: Callable[[], Awaitable[None]] = work
    await broker.reconnecting("consumer", working, lambda: False)
    assert 4 == len(tries)


async def test_an_address_that_is_none_is_told_as_such() -> None:
    """A port that is no number is the settings' fault: nobody waits for that broker."""
    with pytest.raises(ValueError, match=r"invalid literal|[Pp]ort"):
        await open_at("amqp://guest:guest@127.0.0.1:many/")
