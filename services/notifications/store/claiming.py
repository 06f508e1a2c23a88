"""Claiming what may leave now. Calls are in real time; hours, rests and days are the bureau's."""

from uuid import UUID

from services.notifications.rules.sparing import URGENT, Spent, Terms, from_reserve, room
from services.notifications.store import messages, spending
from services.notifications.store.messages import COLUMNS, Message
from shared.db import Connection

_ANY = "SELECT EXISTS (SELECT FROM messages WHERE state = 'queued' AND next_at <= now())"
# What is urgent rests for no number, and neither does it count as having been sent to one.
_RESTED = """
    NOT EXISTS (SELECT FROM messages o WHERE o.phone_hash = m.phone_hash
        AND o.message_id <> m.message_id AND o.purpose <> ALL($5::text[])
        AND o.sent_at > mashang_now() - $6::interval)
"""
# One question at a time: a reply says 1, 2 or 3, and not to what.
_ALONE = """
    (m.purpose <> 'question' OR NOT EXISTS (SELECT FROM messages o
        WHERE o.phone_hash = m.phone_hash AND o.purpose = 'question' AND o.case_id <> m.case_id
            AND o.state <> 'failed' AND o.sent_at > mashang_now() - $7::interval))
"""
_CLAIM = f"""
    WITH due AS (
        SELECT m.message_id, m.purpose, m.phone_hash, m.next_at FROM messages m
        WHERE m.state = 'queued' AND m.next_at <= now() AND (m.purpose = ANY($5::text[])) = $4
            AND (m.not_before IS NULL OR m.not_before <= mashang_now())
            AND ($4 OR {_RESTED} AND {_ALONE}) AND ($8 OR m.vendor = $3)
        ORDER BY m.next_at LIMIT $1 FOR UPDATE SKIP LOCKED),
    first AS (
        SELECT DISTINCT ON (rests) message_id FROM (
            SELECT message_id, next_at, CASE
                WHEN $4 OR $6::interval = '0' AND purpose <> 'question' THEN message_id::text
                ELSE coalesce(phone_hash, message_id::text) END AS rests FROM due) one
        ORDER BY rests, next_at),
    claimed AS (
        UPDATE messages SET state = 'sending', version = version + 1, attempt = attempt + 1,
            queries = 0, called_at = now(), next_at = now() + $2, sent_at = mashang_now(),
            vendor = $3
        WHERE message_id IN (SELECT message_id FROM first)
        RETURNING *),
    tried AS (
        INSERT INTO attempts (message_id, attempt, vendor, called_at)
        SELECT message_id, attempt, $3, called_at FROM claimed),
    told AS (
        INSERT INTO message_states (message_id, version, state)
        SELECT message_id, version, state FROM claimed)
    SELECT {COLUMNS} FROM claimed
"""  # noqa: S608


async def claim_queued(conn: Connection, limit: int, terms: Terms) -> list[Message]:
    """Take what may be sent, each with a new attempt; commit before calling the vendor.

    One instance claims at a time, so that neither money nor a number's rest is counted twice;
    where neither is, as against a sandbox, none waits for another.
    """
    if not await conn.fetchval(_ANY):
        return []
    counts = terms.fen or terms.sparing.rest
    spent = await spending.lock(conn, terms.day) if counts else Spent()
    most = room(terms.sparing, spent, terms.fen, urgent=True)
    urgent = await _claim(conn, _least(limit, most), terms, urgent=True)
    ids = [message.message_id for message in urgent]
    paid = from_reserve(terms.sparing, spent, terms.fen, len(ids))
    await spending.charge(conn, ids[:paid], terms.fen, terms.day, reserve=True)
    await spending.charge(conn, ids[paid:], terms.fen, terms.day, reserve=False)
    spent = await spending.get(conn, terms.day)
    most = room(terms.sparing, spent, terms.fen, urgent=False)
    others = await _claim(conn, _least(limit - len(ids), most), terms, urgent=False)
    await _charge(conn, [message.message_id for message in others], terms)
    return urgent + others


async def _charge(conn: Connection, ids: list[UUID], terms: Terms) -> None:
    await spending.charge(conn, ids, terms.fen, terms.day, reserve=False)


async def _claim(conn: Connection, limit: int, terms: Terms, *, urgent: bool) -> list[Message]:
    if limit <= 0:
        return []
    sparing = terms.sparing
    values = (terms.vendor, urgent, sorted(URGENT), sparing.rest, sparing.alone, terms.only)
    rows = await conn.fetch(_CLAIM, limit, messages.LEASE, *values)
    return [Message(**dict(row)) for row in rows]


def _least(limit: int, most: int | None) -> int:
    return limit if most is None else min(limit, most)
