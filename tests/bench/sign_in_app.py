"""The desk's sign-in as a process of its own, with its line or with the endless one of before.

    python -m tests.bench.sign_in_app bounded|endless

`endless` is what would be without the limits: everybody stands in one line, however long it gets,
and an address may try for ever.
"""

import asyncio
import signal
import sys
from datetime import timedelta

import uvloop

from services.verification.service import build
from services.verification.settings import Settings
from services.verification.signin import line, rules
from shared import config
from shared.db import Database
from shared.observe import log
from shared.web.edge import make_app
from shared.web.listening import listen


def endless() -> None:
    """Take every limit away."""
    line.EACH = line.MOST = rules.ADDRESS_MOST = 10**9
    rules.LATEST = timedelta()


async def main() -> None:
    """Serve until SIGTERM."""
    settings = config.load(Settings)
    database = await Database.connect(settings.database_url.get_secret_value(), "verification")
    app = make_app(build(settings, database).house)
    runner = await listen(app, settings.http_host, settings.http_port)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()
    await database.close()


if __name__ == "__main__":
    log.configure("sign_in", "error")
    if sys.argv[1] == "endless":
        endless()
    uvloop.run(main())
