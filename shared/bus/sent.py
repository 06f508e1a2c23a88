"""What was sent and is kept for some days: counted, and given to the relay once more.

After a restore (see deploy/README.md) an event may have left its outbox before the moment that the
databases went back to, and have been handled only later. Sent again under its own id, it is handled
where it was not, and known where it was.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.bus.days import REMEMBERED
from shared.db import Connection

BATCH = 10_000
# An older id an inbox may have dropped with its day, and would take for new.
KNOWN = REMEMBERED - timedelta(days=1)

_CHOSEN = """
    sent_at >= $1 AND (type = ANY($2) OR cardinality($2) = 0)
    AND event_id >= inbox_bound((now() - $3::interval)::date)
"""
_COUNTS = f"""
    SELECT type, count(DISTINCT event_id) AS count FROM sent WHERE {_CHOSEN}
    GROUP BY type ORDER BY type
"""  # noqa: S608
_TOO_OLD = """
    SELECT count(DISTINCT event_id) FROM sent
    WHERE sent_at >= $1 AND (type = ANY($2) OR cardinality($2) = 0)
        AND event_id < inbox_bound((now() - $3::interval)::date)
"""
# What waits in the outbox is on its way already. The relay keeps these again, above `$5`.
_AGAIN = f"""
    WITH chosen AS (
        SELECT seq, event_id, type, body FROM sent WHERE {_CHOSEN} AND seq > $4 AND seq <= $5
        ORDER BY seq LIMIT $6
    ), again AS (
        INSERT INTO outbox (event_id, type, body)
        SELECT event_id, type, body FROM chosen ORDER BY seq
        ON CONFLICT (event_id) DO NOTHING RETURNING 1
    )
    SELECT max(seq) AS last, (SELECT count(*) FROM again) AS count FROM chosen
"""  # noqa: S608
_IDS = "SELECT DISTINCT event_id, type FROM sent WHERE sent_at >= $1"

_HEARD = """
    SELECT event_id FROM inbox WHERE consumer = $1 AND event_id = ANY($2::uuid[])
    UNION SELECT event_id FROM inbox_pending WHERE consumer = $1 AND event_id = ANY($2::uuid[])
"""


@dataclass(frozen=True)
class Chosen:
    """Of one service: what left it since a moment, by type; of how many no inbox knows any more.

    `oldest` is when the first left of all that are kept.
    """

    counts: dict[str, int]
    too_old: int
    oldest: datetime | None


async def count(conn: Connection, since: datetime, types: Sequence[str] = ()) -> Chosen:
    """What `send_again` would send; no types are all."""
    chosen = (since, list(types), KNOWN)
    rows = await conn.fetch(_COUNTS, *chosen)
    return Chosen(
        {row["type"]: row["count"] for row in rows},
        await conn.fetchval(_TOO_OLD, *chosen),
        await conn.fetchval("SELECT min(sent_at) FROM sent"),
    )


async def send_again(
    conn: Connection, since: datetime, types: Sequence[str] = ()
) -> AsyncIterator[int]:
    """Put it into the outbox once more, in its order, a batch at a time; how many each time.

    Outside any transaction: each batch commits by itself, and the relay begins with it at once.
    """
    top = await conn.fetchval("SELECT coalesce(max(seq), 0) FROM sent")
    last: int | None = 0
    while last is not None:
        row = await conn.fetchrow(_AGAIN, since, list(types), KNOWN, last, top, BATCH)
        last, number = row or (None, 0)
        if last is not None:
            yield number


async def list_ids(conn: Connection, since: datetime) -> dict[UUID, str]:
    """The types of what left since a moment, by id."""
    return {row["event_id"]: row["type"] for row in await conn.fetch(_IDS, since)}


async def list_heard(conn: Connection, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    """Of these, what a service has handled, or keeps until it can, or for a person."""
    return {row["event_id"] for row in await conn.fetch(_HEARD, consumer, ids)}
