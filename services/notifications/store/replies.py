"""What citizens wrote back, of which only what it was read as is kept; and who wants no more."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from services.notifications.rules.replies import Heard, Question, Said
from shared.db import Connection

_HEARD = """
    SELECT
        (SELECT language FROM messages WHERE phone_hash = $1
            AND sent_at > mashang_now() - $2::interval
            ORDER BY sent_at DESC LIMIT 1) AS written,
        EXISTS (SELECT FROM messages WHERE phone_hash = $1 AND purpose = 'howto'
                AND created_at > mashang_now() - $2::interval) AS told,
        EXISTS (SELECT FROM stops WHERE phone_hash = $1) AS stopped,
        (SELECT count(*) FROM replies WHERE phone_hash = $1
            AND heard_at > mashang_now() - interval '1 day') AS today
"""
_QUESTIONS = """
    SELECT message_id, case_id, submission_id, occasion AS revision, sent_at FROM messages
    WHERE phone_hash = $1 AND purpose = 'question' AND state <> 'failed'
        AND sent_at > mashang_now() - $2::interval
    ORDER BY sent_at DESC
"""


class Reply(NamedTuple):
    """One that came: which of the vendor's, from whom, as what it was read."""

    reply_id: UUID
    vendor: str
    ref: str
    phone_hash: str
    said: Said


async def lock(conn: Connection, phone_hash: str) -> None:
    """What one number writes is taken in one after another, until the transaction ends."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('heard ' || $1, 0))", phone_hash
    )


async def add(conn: Connection, reply: Reply) -> bool:
    """Keep it; False if the vendor has brought it before."""
    sql = """INSERT INTO replies (reply_id, vendor, ref, phone_hash, said)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT ON CONSTRAINT replies_once DO NOTHING RETURNING true"""
    return bool(await conn.fetchval(sql, *reply))


async def hear(conn: Connection, phone_hash: str, within: timedelta) -> Heard:
    """What is known of the number; questions count `within` a time of having been sent."""
    row = await conn.fetchrow(_HEARD, phone_hash, within)
    rows = await conn.fetch(_QUESTIONS, phone_hash, within)
    return Heard([Question(**dict(one)) for one in rows], **dict(row or {}))


async def count_answers(conn: Connection, message_id: UUID) -> int:
    """How many replies there are to a question."""
    return int(
        await conn.fetchval("SELECT count(*) FROM replies WHERE message_id = $1", message_id)
    )


async def set_question(conn: Connection, reply_id: UUID, message_id: UUID) -> None:
    """To which question it was."""
    await conn.execute(
        "UPDATE replies SET message_id = $2 WHERE reply_id = $1", reply_id, message_id
    )


class StopChange(NamedTuple):
    """Somebody came onto the list or left it: by whom (nobody where it was by SMS), and why."""

    phone_hash: str
    stopped: bool
    changed_by: str
    reason: str


async def set_stopped(conn: Connection, change: StopChange) -> bool:
    """Keep it, and that it was changed, though not for whom; False if it was so already."""
    if change.stopped:
        sql = """INSERT INTO stops (phone_hash) VALUES ($1)
                 ON CONFLICT ON CONSTRAINT stops_pkey DO NOTHING RETURNING true"""
    else:
        sql = "DELETE FROM stops WHERE phone_hash = $1 RETURNING true"
    if not await conn.fetchval(sql, change.phone_hash):
        return False
    await conn.execute(
        "INSERT INTO stop_changes (stopped, changed_by, reason) VALUES ($1, $2, $3)",
        change.stopped, change.changed_by, change.reason,
    )  # fmt: skip
    return True


async def stopped_since(conn: Connection, phone_hash: str) -> datetime | None:
    """Since when a number is on the list, if it is."""
    found: datetime | None = await conn.fetchval(
        "SELECT stopped_at FROM stops WHERE phone_hash = $1", phone_hash
    )
    return found


async def count_stopped(conn: Connection) -> int:
    """How many numbers are on the list."""
    return int(await conn.fetchval("SELECT count(*) FROM stops"))


async def list_changes(conn: Connection, limit: int) -> list[Record]:
    """The newest changes of the list, without saying whose."""
    return list(
        await conn.fetch(
            """SELECT stopped, changed_by, reason, changed_at FROM stop_changes
               ORDER BY change_id DESC LIMIT $1""",
            limit,
        )
    )
