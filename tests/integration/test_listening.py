"""The public listener: nobody who says nothing is kept for ever."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from deploy.local.ports import free_port
from shared.errors import Misconfigured
from shared.web.listening import listen

SHORT = 0.3
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HOST = "127.0.0.1"


async def hello(request: web.Request) -> web.Response:
    """Says how much came."""
    return web.Response(text=f"{len(await request.read())}")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """An application that keeps no connection for long."""
    app, number = web.Application(), free_port()
    app.router.add_route("*", "/", hello)
    runner = await listen(app, HOST, number, keep=SHORT)
    yield number
    await runner.cleanup()


async def hears(port: int, said: bytes, then: bytes = b"") -> bytes:
    """All that a caller is told until the server hangs up, who goes on a byte at a time."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(said)
    dripping = asyncio.create_task(_drip(writer, then))
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        dripping.cancel()
        writer.close()


async def _drip(writer: asyncio.StreamWriter, rest: bytes) -> None:
    for byte in rest:
        await asyncio.sleep(SHORT / 4)
        writer.write(bytes([byte]))


@pytest.mark.parametrize(
    ("said", "then"),
    [
        (b"", b""),
        (WHOLE[:10], b""),
        (WHOLE[:-2], b""),
        (WHOLE[:20], b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ],
    ids=["silence", "half a line", "half a head", "a byte at a time"],
)
async def test_who_never_finishes_a_request_is_hung_up_on(
    port: int, said: bytes, then: bytes
) -> None:
    """A connection that brings no request ends, however slowly it goes on."""
    assert b"" == await hears(port, said, then)


@pytest.mark.parametrize("more", [b"", WHOLE[:12]], ids=["nothing", "half of the next"])
async def test_an_idle_connection_is_closed_after_its_answer(port: int, more: bytes) -> None:
    """It is answered, may bring another request, and does not stay open without one."""
    told = await hears(port, WHOLE + WHOLE + more)
    assert 2 == told.count(b"200 OK")


async def test_a_working_connection_is_kept(port: int) -> None:
    """Requests with pauses in between, together longer than the limit, use one connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    for _ in range(4):
        writer.write(WHOLE)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert b"0" == await reader.readexactly(1)
        await asyncio.sleep(SHORT / 2)
    writer.close()


async def test_nothing_compressed_is_opened(port: int) -> None:
    """Whatever a body claims to be, the bytes that came are what the application sees."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\n"
    assert b"4" == (await hears(port, head + b"junk"))[-1:]


async def test_an_address_that_is_taken_is_told(port: int) -> None:
    """One line for whoever starts the service: where it could not listen, and why."""
    with pytest.raises(Misconfigured, match=f"cannot listen on {HOST}:{port}: "):
        await listen(web.Application(), HOST, port)
    with pytest.raises(Misconfigured, match=r"cannot listen on 192\.0\.2\.1:1"):
        await listen(web.Application(), "192.0.2.1", 1)
