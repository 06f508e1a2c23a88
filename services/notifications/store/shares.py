"""Whose a message is, what became of calls, and the vendors' shares. In real time, as calls are."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record as Row

from services.notifications.rules.shares import IN_TIME, WINDOW, How, Record, Share, Tried
from services.notifications.store.messages import Message
from shared.db import Connection

_UNASSIGNED = """
    SELECT message_id, attempt, put_off_by, held_by FROM messages
    WHERE state = 'queued' AND next_at <= now() AND (vendor IS NULL OR vendor <> ALL($1::text[]))
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_ASSIGN = """
    UPDATE messages SET vendor = given.vendor
    FROM unnest($1::uuid[], $2::text[]) AS given (message_id, vendor)
    WHERE messages.message_id = given.message_id
"""
_TRIED = "SELECT put_off_by, held_by FROM messages WHERE message_id = $1"
_NOTE_TRIED = """
    UPDATE messages SET put_off_by = $2, held_by = $3, vendor = NULL WHERE message_id = $1
"""
_END = """
    INSERT INTO attempt_ends (message_id, attempt, how) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT attempt_ends_pkey DO NOTHING
"""
_RECORDS = """
    SELECT a.vendor,
        count(*) FILTER (WHERE e.wrong OR e.arrived_at IS NOT NULL
            OR NOT e.failed AND a.called_at < now() - $2::interval) AS calls,
        count(*) FILTER (WHERE e.wrong OR e.arrived_at > a.called_at + $2::interval
            OR NOT e.failed AND e.arrived_at IS NULL
                AND a.called_at < now() - $2::interval) AS bad
    FROM attempts a CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(how IN ('refused', 'unanswered')), false) AS wrong,
            coalesce(bool_or(how = 'failed'), false) AS failed,
            min(ended_at) FILTER (WHERE how = 'arrived') AS arrived_at
        FROM attempt_ends e WHERE (e.message_id, e.attempt) = (a.message_id, a.attempt)) e
    WHERE a.called_at > now() - $1::interval GROUP BY a.vendor
"""
_SHARES = "SELECT vendor, points, resting FROM vendor_shares ORDER BY vendor"
_STILL = "SELECT now() - max(moved_at) FROM vendor_shares"
_SAVE = """
    INSERT INTO vendor_shares (vendor, points, resting)
    SELECT * FROM unnest($1::text[], $2::int[], $3::int[])
    ON CONFLICT ON CONSTRAINT vendor_shares_pkey DO UPDATE SET points = excluded.points,
        resting = excluded.resting, moved_at = now()
"""


async def assign(
    conn: Connection,
    takers: Collection[str],
    limit: int,
    choose: Callable[[UUID, int, Tried], str | None],
) -> int:
    """Give what is due and nobody's to a vendor; how many."""
    rows = await conn.fetch(_UNASSIGNED, list(takers), limit)
    given = {
        row["message_id"]: vendor
        for row in rows
        if (vendor := choose(row["message_id"], row["attempt"], _tried(row)))
    }
    await conn.execute(_ASSIGN, list(given), list(given.values()))
    return len(given)


def _tried(row: Row | None) -> Tried:
    return Tried(frozenset(row["put_off_by"]), frozenset(row["held_by"])) if row else Tried()


async def get_tried(conn: Connection, message: Message) -> Tried:
    """Who certainly did not send it."""
    return _tried(await conn.fetchrow(_TRIED, message.message_id))


async def mark_tried(conn: Connection, message: Message, tried: Tried) -> None:
    """It is nobody's again, and not to be given to these."""
    later, held = sorted(tried.later), sorted(tried.held)
    await conn.execute(_NOTE_TRIED, message.message_id, later, held)


async def add_end(conn: Connection, message: Message, how: How) -> None:
    """What became of its last call; once of each kind."""
    await conn.execute(_END, message.message_id, message.attempt, how)


async def get_records(conn: Connection) -> dict[str, Record]:
    """What vendors did lately, by name; one of whom nothing can be said yet is missing or empty."""
    rows = await conn.fetch(_RECORDS, WINDOW, IN_TIME)
    return {row["vendor"]: Record(row["calls"], row["bad"]) for row in rows}


async def lock(conn: Connection) -> None:
    """Nobody else moves them until the transaction ends; readers do not wait."""
    await conn.execute("LOCK TABLE vendor_shares IN SHARE ROW EXCLUSIVE MODE")


async def get(conn: Connection) -> tuple[list[Share], timedelta]:
    """The shares, and how long they have been as they are."""
    still = await conn.fetchval(_STILL)
    return [Share(**dict(row)) for row in await conn.fetch(_SHARES)], still or timedelta()


async def save(conn: Connection, shares: Sequence[Share]) -> None:
    """These from now on, and no others."""
    names = [share.vendor for share in shares]
    points = [share.points for share in shares]
    resting = [share.resting for share in shares]
    await conn.execute("DELETE FROM vendor_shares WHERE vendor <> ALL($1::text[])", names)
    await conn.execute(_SAVE, names, points, resting)
