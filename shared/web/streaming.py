"""Answers without an end: server-sent events, told to one browser as they happen.

A stream ends when its browser goes away, when whoever listens may not any more, or when the service
drains; a browser then asks again by itself. It holds a connection, but no place: whoever has
their share of connections and wants another loses the oldest stream first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress

from aiohttp import hdrs, web
from pydantic import BaseModel

from shared import faults
from shared.errors import Refused
from shared.web.connections import Line
from shared.web.endpoints import EVENTS
from shared.web.replies import Stream

# Set when the service drains.
CLOSING = web.AppKey("closing", asyncio.Event)
# After which a browser asks again, in milliseconds.
AGAIN = 3000
_HEADERS = {
    hdrs.CONTENT_TYPE: f"{EVENTS}; charset=utf-8",
    # Some proxies keep an answer until it is whole.
    "X-Accel-Buffering": "no",
}
# Raises what refuses the caller by now.
Check = Callable[[], Awaitable[object]]


def may_close(app: web.Application) -> None:
    """Have streams end when the application's listener is told to drain."""
    app[CLOSING] = asyncio.Event()
    app.on_shutdown.append(_close)


async def _close(app: web.Application) -> None:
    app[CLOSING].set()


def begun(request: web.Request, stream: Stream) -> web.StreamResponse:
    """The answer before its first word; a page, for whoever asks and does not mean to listen."""
    if EVENTS not in request.headers.get(hdrs.ACCEPT, ""):
        return web.Response(status=303, headers={hdrs.LOCATION: stream.page})
    return web.StreamResponse(headers=_HEADERS)


async def tell(
    request: web.Request, response: web.StreamResponse, stream: Stream, check: Check
) -> None:
    """Tell one browser everything, until there is a reason to end."""
    # Whoever has gone before the first word is no failure of ours.
    with suppress(ConnectionError):
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await _last(request, _tell(response, stream, check))


async def _last(request: web.Request, words: Coroutine[object, object, None]) -> None:
    if isinstance(request.protocol, Line):
        request.protocol.streams = True
    telling = asyncio.ensure_future(words)
    closing = asyncio.ensure_future(request.app[CLOSING].wait())
    try:
        await asyncio.wait({telling, closing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        closing.cancel()
        telling.cancel()
        # It gives back what it holds. Whoever went away, or may not listen, is no failure of ours.
        with suppress(asyncio.CancelledError, ConnectionError, Refused, *faults.PASSING):
            await telling


async def _tell(response: web.StreamResponse, stream: Stream, check: Check) -> None:
    async with aclosing(stream.source) as source:
        await response.write(f"retry: {AGAIN}\n\n".encode())
        async for told in source:
            await check()
            await response.write(_event(told))


def _event(told: BaseModel | None) -> bytes:
    """As a browser reads it; nothing new is a comment, which keeps the connection alive."""
    return f"data: {told.model_dump_json()}\n\n".encode() if told else b":\n\n"
