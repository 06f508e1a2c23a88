"""Phones that are to be forgotten: heard of at once, done when nothing is owed any more."""

from uuid import UUID

from shared.db import Connection

_HEAR = """
    INSERT INTO erasures (submission_id) VALUES ($1)
    ON CONFLICT ON CONSTRAINT erasures_pkey DO UPDATE SET done_at = NULL
"""
# A paid one is asked about for a week, as the vendor may take it back.
_SETTLED = "late_order IS NULL AND (state = 'refused' OR state = 'paid' AND act_at IS NULL)"
# Each is looked up by its id (`OFFSET`, arrays), and never all rewards read.
_ERASE = f"""
    WITH due AS (
        SELECT submission_id FROM erasures e WHERE done_at IS NULL
          AND NOT EXISTS (SELECT FROM rewards r WHERE r.submission_id = e.submission_id
                          AND NOT ({_SETTLED}) OFFSET 0)
        ORDER BY heard_at LIMIT $1 FOR UPDATE SKIP LOCKED
    ), erased AS (
        UPDATE rewards SET phone_sealed = '', near = '{{}}'
        WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due)) AND {_SETTLED}
    ), unbound AS (
        DELETE FROM contacts WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due))
    ), checked AS (
        DELETE FROM phone_checks WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due))
    ), refused AS (
        DELETE FROM refused_phones WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due))
    ), waiting AS (
        UPDATE verdicts SET waiting = waiting || $2
        WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due)) AND waiting IS NOT NULL
    )
    UPDATE erasures SET done_at = mashang_now()
    WHERE submission_id = ANY(ARRAY(SELECT submission_id FROM due)) RETURNING submission_id
"""  # noqa: S608


async def hear(conn: Connection, submission_id: UUID) -> None:
    """A phone is to be forgotten; again, if it was before."""
    await conn.execute(_HEAR, submission_id)


async def erase(conn: Connection, limit: int) -> int:
    """Forget those whose rewards are settled; how many. What was paid, and when, stays."""
    nothing = {"phone_sealed": None, "phone_index": None}
    return len(await conn.fetch(_ERASE, limit, nothing))
