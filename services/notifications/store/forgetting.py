"""Whose an SMS was is forgotten: when the citizen is, and when nobody may send it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.rules.messages import Purpose
from shared.db import Connection

# What is on its way settles by itself, and its phone goes with that. What is settled is not sent
# again, and no reply is to it any more.
_ASKS_NO_MORE = "(state = 'held' OR state = 'queued' AND purpose = 'question')"
_MARK_ERASED = f"""
    WITH forgotten AS (
        UPDATE messages SET phone_hash = NULL,
            phone_sealed = CASE WHEN settled_at IS NULL THEN phone_sealed END
        WHERE submission_id = $1 AND phone_hash IS NOT NULL AND NOT {_ASKS_NO_MORE}),
    erased AS (
        UPDATE messages SET state = 'failed', version = version + 1, code = 'erased',
            settled_at = mashang_now(), next_at = NULL, phone_sealed = NULL, phone_hash = NULL
        WHERE submission_id = $1 AND {_ASKS_NO_MORE} AND case_id IS NOT NULL
        RETURNING message_id, case_id, submission_id, purpose, version, state, code, settled_at),
    told AS (
        INSERT INTO message_states (message_id, version, state, code)
        SELECT message_id, version, state, code FROM erased)
    SELECT message_id, case_id, submission_id, purpose, settled_at FROM erased
"""  # noqa: S608  the condition is this module's own
_FORGET_PHONES = """
    UPDATE messages SET phone_sealed = NULL WHERE phone_sealed IS NOT NULL
        AND settled_at < mashang_now() - $1::interval RETURNING message_id
"""
_FORGET_NUMBERS = (
    """UPDATE messages SET phone_hash = NULL WHERE phone_hash IS NOT NULL
           AND phone_sealed IS NULL AND settled_at < mashang_now() - $1::interval""",
    """UPDATE replies SET phone_hash = NULL WHERE phone_hash IS NOT NULL
           AND heard_at < mashang_now() - $1::interval""",
)


@dataclass(frozen=True)
class Forgotten:
    """A held message that will not be sent."""

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    purpose: Purpose
    settled_at: datetime


async def mark_erased(conn: Connection, submission_id: UUID) -> list[Forgotten]:
    """Give up what is held of a submission, and forget its phone."""
    return [Forgotten(**dict(row)) for row in await conn.fetch(_MARK_ERASED, submission_id)]


async def forget_phones(conn: Connection, kept: timedelta, heard: timedelta) -> int:
    """Nobody may send again what was settled before `kept`; no reply to it counts any more."""
    gone = await conn.fetch(_FORGET_PHONES, kept)
    for sql in _FORGET_NUMBERS:
        await conn.execute(sql, max(kept, heard))
    return len(gone)
