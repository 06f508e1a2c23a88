"""Answers that do not say whose software gives them, also those to what is no request at all."""

from collections.abc import Coroutine
from typing import Any

from aiohttp import hdrs, web

NAME = "sandbox"


class Line(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Before the library puts its own name there."""
        resp.headers.setdefault(hdrs.SERVER, NAME)
        return super().finish_response(request, resp, start_time)


class Server(web.Server):
    """All connections."""

    def __init__(self, plain: web.Server, settings: dict[str, Any]) -> None:
        super().__init__(plain.request_handler, request_factory=plain.request_factory, **settings)
        self._settings = settings

    def __call__(self) -> Line:
        """A new connection, for the event loop."""
        return Line(self, loop=self._loop, **self._settings)


class Runner(web.AppRunner):
    """An application whose connections are nameless."""

    async def _make_server(self) -> web.Server:
        return Server(await super()._make_server(), {**self._kwargs})
