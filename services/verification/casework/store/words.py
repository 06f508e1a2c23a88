"""Words that are owed to citizens: which are missed, and how many wait."""

from shared.db import Connection

# A case that somebody is just working on is looked at the next time.
_MISSED = """
    WITH late AS (
        SELECT case_id, word_owed, word_due_at FROM cases c
        WHERE word_due_at <= mashang_now() AND NOT EXISTS (
            SELECT FROM missed_words m WHERE m.case_id = c.case_id AND m.due_at = c.word_due_at)
        ORDER BY word_due_at, case_id LIMIT $1 FOR UPDATE SKIP LOCKED
    ), missed AS (
        INSERT INTO missed_words (case_id, due_at, owed, detected_at)
        SELECT case_id, word_due_at, word_owed, mashang_now() FROM late
        ON CONFLICT ON CONSTRAINT missed_words_pkey DO NOTHING
        RETURNING case_id, owed, due_at, detected_at
    ), noted AS (
        INSERT INTO case_actions (case_id, action, actor, acted_at, details)
        SELECT case_id, 'word_missed', '', detected_at,
            jsonb_build_object('owed', owed, 'due_at', due_at)
        FROM missed ORDER BY due_at, case_id
    )
    SELECT count(*) FROM missed
"""
_OWED = "SELECT count(*) FROM cases WHERE word_due_at <= mashang_now()"


async def note_missed(conn: Connection, limit: int) -> int:
    """Note what is due by the database's clock and not given; once each, how many."""
    return int(await conn.fetchval(_MISSED, limit))


async def count_owed(conn: Connection) -> int:
    """All cases that owe a word by now, for the gauge."""
    return int(await conn.fetchval(_OWED))
