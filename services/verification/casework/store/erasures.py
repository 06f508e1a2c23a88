"""What is personal in closed cases, forgotten: the case, its verdicts and its history stay."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.db import Connection

_HEAR = """
    INSERT INTO erasures (submission_id) VALUES ($1)
    ON CONFLICT ON CONSTRAINT erasures_pkey DO UPDATE SET done_at = NULL
"""
# Each is looked up by its id (that is what `OFFSET` is for), and never all cases read.
_CLAIM = """
    SELECT submission_id FROM erasures e WHERE done_at IS NULL
      AND NOT EXISTS (SELECT FROM cases c WHERE c.submission_id = e.submission_id
                      AND (c.state <> 'verified' OR c.review_pending) OFFSET 0)
      AND NOT EXISTS (SELECT FROM holds h WHERE h.submission_id = e.submission_id
                      AND h.state = 'held' OFFSET 0)
    ORDER BY heard_at LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_CASES = "case_id IN (SELECT case_id FROM cases WHERE submission_id = ANY($1))"
_PERSONAL = """ARRAY['words_sealed', 'phone_sealed', 'phone_index', 'officer_typed_sealed',
    'call_time', 'call_language', 'attachments']"""
# By table: what becomes of its rows that belong to these submissions ($1).
ERASING: Mapping[str, str] = {
    "cases": """
        UPDATE cases SET words_sealed = NULL, phone_sealed = NULL, phone_index = NULL,
            officer_typed_sealed = NULL, call_time = NULL, call_language = NULL,
            attachments = '{}', erased_at = mashang_now()
        WHERE submission_id = ANY($1)""",
    "case_additions": f"""
        UPDATE case_additions SET words_sealed = NULL, officer_typed_sealed = NULL,
            attachments = '{{}}' WHERE {_CASES}""",  # noqa: S608
    "commendations": """
        UPDATE commendations SET words_sealed = NULL, officer_typed_sealed = NULL,
            attachments = '{}'
        WHERE submission_id = ANY($1)""",
    "holds": f"""
        UPDATE holds SET body = body - {_PERSONAL},
            added = ARRAY(SELECT one - {_PERSONAL} FROM unnest(added) AS one)
        WHERE submission_id = ANY($1)""",  # noqa: S608
    "case_grams": f"DELETE FROM case_grams WHERE {_CASES}",  # noqa: S608
    "drafts": f"DELETE FROM drafts WHERE {_CASES}",  # noqa: S608
}
_DONE = "UPDATE erasures SET done_at = mashang_now() WHERE submission_id = ANY($1)"


async def hear(conn: Connection, submission_id: UUID) -> None:
    """A submission is to be forgotten; again, if it was before."""
    await conn.execute(_HEAR, submission_id)


async def claim_due(conn: Connection, limit: int) -> list[UUID]:
    """Those without an open case, locked; others skip them."""
    return [row["submission_id"] for row in await conn.fetch(_CLAIM, limit)]


async def erase(conn: Connection, due: Sequence[UUID]) -> None:
    """Forget them."""
    for statement in (*ERASING.values(), _DONE):
        await conn.execute(statement, due)
