"""Bare low ratings: a tap on the lowest two faces, and not a word, photo or phone with it."""

from uuid import UUID

from shared.db import Connection

# Of a case that waits for its verdict.
BARE = """kind = 'rating' AND state = 'open' AND satisfaction <= 2 AND erased_at IS NULL
    AND words_sealed IS NULL AND phone_sealed IS NULL AND cardinality(attachments) = 0
    AND NOT EXISTS (SELECT FROM case_additions a WHERE a.case_id = cases.case_id)"""
_IS_BARE = f"SELECT EXISTS (SELECT FROM cases WHERE case_id = $1 AND {BARE})"  # noqa: S608


async def is_bare(conn: Connection, case_id: UUID) -> bool:
    """Whether it is one, and open."""
    return bool(await conn.fetchval(_IS_BARE, case_id))
