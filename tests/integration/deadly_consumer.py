"""`python -m tests.integration.deadly_consumer URL AMQP_URL`: killed between COMMIT and the ack.

It takes one batch of verdicts, writes a row for each, and is gone as soon as they are committed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from shared.bus.consuming import Consumer, Delivery
from shared.bus.handling import Bulk, Heard
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.events import CaseVerified

SERVICE = "notifications"


async def write(conn: Connection, heard: Sequence[Heard[CaseVerified]]) -> None:
    """A row for each."""
    await conn.executemany("INSERT INTO effects VALUES ($1)", [[h.event.subject] for h in heard])


async def main(url: str, amqp_url: str) -> None:
    """Until the first COMMIT."""
    database = await Database.connect(url, SERVICE, 2)
    box = Inbox(database, SERVICE, {CaseVerified: Bulk(write)})

    async def take(deliveries: Sequence[Delivery]) -> None:
        await box.take(deliveries)
        os.kill(os.getpid(), signal.SIGKILL)

    await Consumer(amqp_url, SERVICE, 100, take).consume()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
