"""Run the sandbox: ``python -m deploy.sandbox --port 8090 --data DIR``."""

import asyncio
import os
import signal
import sqlite3
import sys

from aiohttp import web

from deploy.sandbox.app import make_app
from deploy.sandbox.book import BookInUseError
from deploy.sandbox.config import Config, ConfigError
from deploy.sandbox.nameless import Runner
from deploy.sandbox.options import parse


async def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT, then finish open requests and close the book."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    # No access log: the vendors' query strings carry phone numbers.
    runner = Runner(
        make_app(config),
        access_log=None,
        shutdown_timeout=1,
        keepalive_timeout=60,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, config.port).start()
        host, port = runner.addresses[0][:2]
        print(f"sandbox ready on http://{host}:{port} (book in {config.data})", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main(argv: list[str]) -> int:
    """Exit code 0 after a clean stop, 1 when it could not start, 2 for a wrong option."""
    try:
        asyncio.run(serve(parse(argv, os.environ)))
    except ConfigError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except (BookInUseError, OSError, sqlite3.Error) as error:
        print(f"sandbox: cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
