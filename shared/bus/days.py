"""The inbox's partitions, one a day: made ahead, dropped when past, never at others' expense.

Both want locks that a backup holds off for hours, and whoever waits for such a lock makes everybody
wait who comes after. So they wait for 100 ms (see bus_0003) and try again at the next run; until a
day has its partition, its ids are kept in the default one.
"""

from datetime import timedelta

import asyncpg

from shared import faults
from shared.db import Connection, Database
from shared.observe import log

AHEAD = 3


async def keep(database: Database, retention: timedelta | None) -> None:
    """Make the next days' partitions; drop those past the retention (None keeps all for ever)."""
    try:
        async with database.acquire() as conn:
            await _add(conn)
            if retention is not None:
                await _drop(conn, retention)
    except (*faults.CONTENDED, asyncpg.CheckViolationError) as error:
        log.get().warning("inbox days put off", error=repr(error))


async def _add(conn: Connection) -> None:
    for ahead in range(-1, AHEAD + 1):
        await conn.execute("SELECT inbox_add_day(current_date + $1::int)", ahead)


async def _drop(conn: Connection, retention: timedelta) -> None:
    # One a transaction, so that none is held longer than its own dropping takes.
    while await conn.fetchval("SELECT inbox_drop_before((now() - $1::interval)::date)", retention):
        pass
