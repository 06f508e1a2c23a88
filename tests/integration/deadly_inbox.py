"""`python -m tests.integration.deadly_inbox URL SUBJECT ATTEMPTS`: a handler kills the process.

It runs what is pending until nothing is due, or exits 9 in the middle of SUBJECT's handler.
"""

import asyncio
import os
import sys

from shared.bus import inbox
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.events import CaseVerified, Event

SERVICE = "notifications"
DEAD = 9


async def main(url: str, deadly: str, attempts: str) -> None:
    """Until nothing is due."""
    inbox.MAX_ATTEMPTS = int(attempts)

    async def handle(_: Connection, event: Event) -> None:
        if event.subject == deadly:
            os._exit(DEAD)

    database = await Database.connect(url, SERVICE, 2)
    box = Inbox(database, SERVICE, {CaseVerified: handle})
    while await box.retry():
        pass
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
