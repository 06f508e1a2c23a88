"""The listener of an application: who connects and then says nothing is not waited for.

A request has KEEP_SECONDS for its head, and a connection as long between two requests; a body has
its own time (`admission`), and an answer must be taken. How many connections one caller may hold
says `Outside`.
"""

from socket import socket
from typing import Any

from aiohttp import web

from shared.errors import Misconfigured
from shared.web.callers import BARE, Outside
from shared.web.connections import Switchboard

KEEP_SECONDS = 60.0
DRAIN_SECONDS = 10.0


class _Runner(web.AppRunner):
    """An application behind our switchboard."""

    def __init__(self, app: web.Application, outside: Outside, keep: float) -> None:
        super().__init__(app, shutdown_timeout=DRAIN_SECONDS)
        self._outside, self._keep = outside, keep

    async def _make_server(self) -> web.Server:
        # No compressed body is read, so none is opened: admission refuses it by its header.
        settings: dict[str, Any] = {"access_log": None, "auto_decompress": False}
        return Switchboard(await super()._make_server(), self._outside, self._keep, **settings)


async def listen(
    app: web.Application,
    host: str,
    port: int,
    outside: Outside = BARE,
    keep: float = KEEP_SECONDS,
    *,
    shared: bool = False,
) -> web.AppRunner:
    """Serve until `cleanup`, on a port that other processes of ours may have `shared`.

    Misconfigured if the address is taken or not ours.
    """
    runner = _Runner(app, outside, keep)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, reuse_port=shared or None).start()
    except OSError as error:
        await runner.cleanup()
        raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return runner


async def listen_at(app: web.Application, place: socket) -> web.AppRunner:
    """The same at a socket that is open already."""
    runner = _Runner(app, BARE, KEEP_SECONDS)
    await runner.setup()
    await web.SockSite(runner, place).start()
    return runner
