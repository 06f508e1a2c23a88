"""Connections, and who has to give place: nobody holds more than a share, or without an end.

aiohttp bounds the time of a head and of an idle connection. What it does not bound is here: how
many connections one caller holds, how many all hold together, and answers that nobody takes.
"""

import asyncio
import math
import resource
from collections.abc import Coroutine
from typing import Any, TypeAlias, cast

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from shared.observe import metrics
from shared.values.household import household
from shared.web.callers import Outside

NAME = "mashang"
# Open files that are not callers: databases, broker, logs.
OURS = 64
# Seconds between two looks whether requests have come in whole; for the last ones to be ended in.
BETWEEN, AT_LEAST = 0.05, 1.0
_CALLERS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


class Line(web.RequestHandler):
    """One connection. It tells nobody whose software this is, nor us who has gone away."""

    __slots__ = ("streams",)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.streams = False

    @property
    def waits(self) -> bool:
        """Whether it is the caller's turn: to ask, to send the rest, or to take the answer.

        Also where it only listens: a browser whose stream is ended asks again.
        """
        return self.streams or self._current_request is None or self.reads

    @property
    def reads(self) -> bool:
        """Whether the rest of a request is still to come."""
        request = self._current_request
        return request is not None and not request.content.is_eof()

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """The library's own answers have no other place where its name could be left out."""
        resp.headers.setdefault(hdrs.SERVER, NAME)
        return super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Only what is ours: strangers' bytes would fill the log, with tracebacks quoting them."""
        if not isinstance(kw.get("exc_info"), _CALLERS):
            super().log_exception(*args, **kw)


Held: TypeAlias = dict[Line, asyncio.Transport]


class Switchboard(web.Server):
    """All connections of a listener, the oldest first.

    When a caller has its share, or the process is out of files, the connection goes that has waited
    for its caller and is the oldest; where every one is at work, the new one is turned away.
    """

    def __init__(self, plain: web.Server, outside: Outside, keep: float, **settings: Any) -> None:
        self._settings = {"keepalive_timeout": keep, **settings}
        super().__init__(
            plain.request_handler, request_factory=plain.request_factory, **self._settings
        )
        self._outside, self._keep = outside, keep
        self._all: Held = {}
        self._callers: dict[Line, str] = {}
        self._of: dict[str, Held] = {}
        self._untaken: dict[Line, int] = {}
        self._next_look = self._loop.call_later(keep / 2, self._look)

    def __call__(self) -> Line:
        """A new connection, for the event loop."""
        return Line(self, loop=self._loop, **self._settings)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Find room for it."""
        super().connection_made(handler, transport)
        line, caller = cast(Line, handler), self._caller(transport)
        own = self._of.get(caller, {})
        crowded = len(own) >= self._outside.most and not self._make_room(own)
        if crowded or (len(self._all) >= files_for_callers() and not self._make_room(self._all)):
            self._end(transport, "refused")
            return
        self._all[line] = transport
        if caller:
            self._callers[line] = caller
            self._of.setdefault(caller, {})[line] = transport

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Its place is free."""
        super().connection_lost(handler, exc)
        self._forget(cast(Line, handler))

    def pre_shutdown(self) -> None:
        """Take in no more requests, but the rest of those that have begun.

        The library would read none of it, and then wait in vain.
        """
        for line in self._all:
            if not line.reads:
                line.close()

    async def shutdown(self, timeout: float | None = None) -> None:
        """Let them come to their end, for so long (s) at most."""
        self._next_look.cancel()
        until = self._loop.time() + (timeout or 0)
        while self._loop.time() < until and any(line.reads for line in self._all):
            await asyncio.sleep(BETWEEN)
            self.pre_shutdown()
        await super().shutdown(max(AT_LEAST, until - self._loop.time()))

    def _caller(self, transport: asyncio.Transport) -> str:
        """Nothing for a trusted proxy, which speaks for many."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        return "" if self._outside.trusts(address) else household(address)

    def _make_room(self, among: Held) -> bool:
        oldest = next((line for line in among if line.waits), None)
        if oldest is None:
            return False
        self._end(among[oldest], "displaced")
        self._forget(oldest)
        return True

    def _forget(self, line: Line) -> None:
        self._all.pop(line, None)
        self._untaken.pop(line, None)
        if caller := self._callers.pop(line, ""):
            self._of[caller].pop(line)
            if not self._of[caller]:
                del self._of[caller]

    def _look(self) -> None:
        """End what was not taken since the last look; closing alone would wait for ever."""
        before, self._untaken = self._untaken, {}
        for line, transport in self._all.items():
            if size := transport.get_write_buffer_size():
                self._untaken[line] = size
                if size >= before.get(line, math.inf):
                    self._end(transport, "untaken")
        self._next_look = self._loop.call_later(self._keep / 2, self._look)

    def _end(self, transport: asyncio.Transport, why: str) -> None:
        metrics.CONNECTIONS_ENDED.labels(why).inc()
        transport.abort()


def files_for_callers() -> int:
    """How many connections there may be; asked each time, since it can be changed from outside."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, limit - OURS) if limit != resource.RLIM_INFINITY else 1_000_000
