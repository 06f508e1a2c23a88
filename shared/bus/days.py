"""The days of inbox and `sent`, a partition each: made ahead, dropped when past, nobody waits.

Both want locks that a backup holds off for hours, and whoever waits for such a lock makes everybody
wait who comes after. So they wait for 100 ms (see bus_0003) and try again at the next run; until a
day has its partition, its rows are kept in the default one.
"""

from datetime import timedelta
from typing import Literal

import asyncpg

from shared import faults
from shared.db import Connection, Database
from shared.observe import log

AHEAD = 3
# How long an inbox knows what it has handled, unless its service says otherwise.
REMEMBERED = timedelta(days=8)
Table = Literal["inbox", "sent"]


async def keep(database: Database, table: Table, retention: timedelta | None) -> None:
    """Make the next days' partitions; drop those past the retention (None keeps all for ever)."""
    try:
        async with database.acquire() as conn:
            await _add(conn, table)
            if retention is not None:
                await _drop(conn, table, retention)
    except (*faults.CONTENDED, asyncpg.CheckViolationError) as error:
        log.get().warning(f"{table} days put off", error=repr(error))


async def _add(conn: Connection, table: Table) -> None:
    for ahead in range(-1, AHEAD + 1):
        await conn.execute(f"SELECT {table}_add_day(current_date + $1::int)", ahead)


async def _drop(conn: Connection, table: Table, retention: timedelta) -> None:
    # One a transaction, so that none is held longer than its own dropping takes.
    drop = f"SELECT {table}_drop_before((now() - $1::interval)::date)"
    while await conn.fetchval(drop, retention):
        pass
