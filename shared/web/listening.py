"""The listener of an application: who connects and then says nothing is not waited for.

A request has KEEP_SECONDS for its head, and a connection as long between two requests; a body has
its own time (`admission`). Behind that stands the number of open files, so a proxy that counts
connections by address should stand before a public service.
"""

import logging

from aiohttp import web

from shared.errors import Misconfigured

KEEP_SECONDS = 60.0
DRAIN_SECONDS = 10.0


def _is_ours(record: logging.LogRecord) -> bool:
    # What is no HTTP gets its 400; written down, it would fill the log with strangers' bytes.
    error = record.exc_info[1] if record.exc_info else None
    return getattr(error, "code", 500) >= 500


async def listen(
    app: web.Application, host: str, port: int, keep: float = KEEP_SECONDS
) -> web.AppRunner:
    """Serve until `cleanup`. Misconfigured if the address is taken or not ours."""
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=DRAIN_SECONDS,
        keepalive_timeout=keep,
        # No compressed body is read, so none is opened: admission refuses it by its header.
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return runner
