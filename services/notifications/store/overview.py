"""All messages as operators, reports and figures see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from services.notifications.rules.messages import Purpose, State
from shared.db import Connection

_HURRY = """
    UPDATE messages SET next_at = now()
    WHERE (message_id::text = ANY($1::text[]) OR vendor = $2 AND ref = ANY($1::text[]))
        AND state IN ('accepted', 'unknown') AND next_at > now()
"""
_RELEASE = """
    WITH released AS (
        UPDATE messages SET state = 'queued', version = version + 1, next_at = now(),
            vendor = NULL, put_off_by = '{}', held_by = '{}'
        WHERE message_id = $1 AND state = 'held' RETURNING message_id, version, state)
    INSERT INTO message_states (message_id, version, state, code)
    SELECT message_id, version, state, 'released' FROM released RETURNING message_id
"""
_HELD = """
    SELECT message_id, case_id, purpose, code, attempt, created_at FROM messages
    WHERE state = 'held' ORDER BY message_id LIMIT $1
"""
_SHOWN = """
    SELECT m.message_id, m.case_id, m.submission_id, m.purpose, m.state, m.code, m.attempt, m.fen,
        m.phone_sealed, m.created_at, m.settled_at, m.not_before, a.vendor, m.resend_of,
        (SELECT r.message_id FROM messages r WHERE r.resend_of = m.message_id) AS resent_as,
        mashang_now() - m.created_at AS age,
        m.purpose = 'question' AND EXISTS (SELECT FROM rated r
            WHERE r.submission_id = m.submission_id AND r.revision >= m.occasion) AS answered
    FROM messages m LEFT JOIN LATERAL (
        SELECT vendor FROM attempts t WHERE t.message_id = m.message_id
        ORDER BY attempt DESC LIMIT 1) a ON true
"""
_STEPS = """
    SELECT state, code, since_at FROM message_states WHERE message_id = $1 ORDER BY version
"""
_RESEND_OF = """
    SELECT username AS by, reason, confirmed, resent_at FROM resends WHERE message_id = $1
"""
_RESEND = """
    WITH again AS (
        INSERT INTO messages (message_id, case_id, submission_id, purpose, phone_sealed, phone_hash,
            amount_fen, occasion, language, again, resend_of, expires_at, traceparent)
        SELECT $1, case_id, submission_id, purpose, phone_sealed, phone_hash, amount_fen, occasion,
            language, again + 1, message_id,
            mashang_now() + (expires_at - coalesce(not_before, created_at)), $6
        FROM messages WHERE message_id = $2
        ON CONFLICT DO NOTHING RETURNING message_id, version, state),
    told AS (
        INSERT INTO message_states (message_id, version, state, code)
        SELECT message_id, version, state, 'resent' FROM again)
    INSERT INTO resends (message_id, username, reason, confirmed)
    SELECT message_id, $3, $4, $5 FROM again RETURNING message_id
"""
_DUE = """
    SELECT purpose, count(*) FROM messages
    WHERE state = 'queued' AND next_at <= now()
        AND (not_before IS NULL OR not_before <= mashang_now())
    GROUP BY purpose
"""
_COUNTS = """
    SELECT purpose, state, sum(number)::int AS number
    FROM (TABLE message_counts UNION ALL TABLE message_moves) AS all_of_them
    GROUP BY purpose, state HAVING sum(number) <> 0
"""
_ADD_UP = """
    WITH taken AS (
        DELETE FROM message_moves WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM message_moves LIMIT $1 FOR UPDATE SKIP LOCKED))
        RETURNING purpose, state, number)
    INSERT INTO message_counts AS c (purpose, state, number)
    SELECT purpose, state, sum(number) FROM taken GROUP BY purpose, state ORDER BY purpose, state
    ON CONFLICT ON CONSTRAINT message_counts_pkey
        DO UPDATE SET number = c.number + excluded.number
"""


async def mark_hinted(conn: Connection, vendor: str, told: Sequence[str]) -> None:
    """Ask about these now: each is a message's id, or what this vendor calls it."""
    await conn.execute(_HURRY, list(told), vendor)


async def mark_released(conn: Connection, message_id: UUID) -> bool:
    """Queue a held message again; False if it is not held."""
    return await conn.fetchval(_RELEASE, message_id) is not None


async def list_held(conn: Connection, limit: int) -> list[Record]:
    """Oldest first, without anything personal."""
    return list(await conn.fetch(_HELD, limit))


class Wanted(NamedTuple):
    """Which messages; `before` is the last of the page before, by time and id."""

    state: State | None = None
    purpose: Purpose | None = None
    vendor: str | None = None
    before: tuple[datetime, UUID] | None = None


async def list_newest(conn: Connection, wanted: Wanted, limit: int) -> list[Record]:
    """The newest first.

    Only what is wanted is asked for: a plan for any wish would read the table for some of them. The
    vendor is whose a message is now.
    """
    wishes, values = [], list[object]()
    for name, value in zip(("state", "purpose", "vendor"), wanted[:3], strict=True):
        if value is not None:
            values.append(value)
            wishes.append(f"m.{name} = ${len(values)}")
    if wanted.before:
        wishes.append(f"(m.created_at, m.message_id) < (${len(values) + 1}, ${len(values) + 2})")
        values += wanted.before
    where = f"WHERE {' AND '.join(wishes)}" if wishes else ""
    order = f"ORDER BY m.created_at DESC, m.message_id DESC LIMIT ${len(values) + 1}"
    return list(await conn.fetch(f"{_SHOWN} {where} {order}", *values, limit))


async def get(conn: Connection, message_id: UUID) -> Record | None:
    """One."""
    return await conn.fetchrow(f"{_SHOWN} WHERE m.message_id = $1", message_id)


async def list_steps(conn: Connection, message_id: UUID) -> list[Record]:
    """Every state that it was in."""
    return list(await conn.fetch(_STEPS, message_id))


async def get_resend(conn: Connection, message_id: UUID) -> Record | None:
    """Who sent it again, and why; None where nobody did and it is the first."""
    return await conn.fetchrow(_RESEND_OF, message_id)


class Resend(NamedTuple):
    """A new message that takes the place of another, and who says so."""

    message_id: UUID
    of: UUID
    username: str
    reason: str
    confirmed: bool


async def add_resend(conn: Connection, resend: Resend, traceparent: str) -> bool:
    """Queue it; False if the other was sent again before."""
    return await conn.fetchval(_RESEND, *resend, traceparent) is not None


async def count_due(conn: Connection) -> dict[Purpose, int]:
    """What could leave now, if nothing held it back."""
    return {row["purpose"]: row["count"] for row in await conn.fetch(_DUE)}


async def get_counts(conn: Connection) -> dict[tuple[Purpose, State], int]:
    """Messages by purpose and state: the totals, and what has moved since."""
    return {(row["purpose"], row["state"]): row["number"] for row in await conn.fetch(_COUNTS)}


async def add_up(conn: Connection, most: int) -> None:
    """Take moves into the totals."""
    await conn.execute(_ADD_UP, most)
