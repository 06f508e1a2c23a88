"""Where cases are found: by the buckets of their words, by the index of a phone."""

from collections.abc import Sequence
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.store.cases import COLUMNS, VISIBLE, as_case, own
from shared.access import Operator
from shared.db import Connection

_LISTED = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND {{wanted}} ORDER BY case_id DESC"  # noqa: S608
_THESE = _LISTED.format(wanted="case_id = ANY($3)")
_OF_PHONE = f"{_LISTED.format(wanted='phone_index = $3')} LIMIT $4"
_CLAIM = """
    DELETE FROM unread_words WHERE case_id IN (
        SELECT case_id FROM unread_words LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING case_id
"""
_READ = f"SELECT {COLUMNS} FROM cases WHERE case_id = ANY($1)"  # noqa: S608


async def claim_unread(conn: Connection, limit: int) -> list[Case]:
    """Cases whose words are to be read; whoever else asks gets others."""
    ids = [row["case_id"] for row in await conn.fetch(_CLAIM, limit)]
    return [as_case(row) for row in await conn.fetch(_READ, ids)] if ids else []


async def put_grams(conn: Connection, grams: Sequence[tuple[UUID, Sequence[int]]]) -> None:
    """Where each of these cases is found from now on."""
    await conn.executemany(
        """INSERT INTO case_grams (case_id, grams) VALUES ($1, $2)
           ON CONFLICT (case_id) DO UPDATE SET grams = excluded.grams""",
        grams,
    )


async def list_with_grams(
    conn: Connection, operator: Operator, grams: Sequence[int], limit: int
) -> list[Case]:
    """The newest cases that lie in all these buckets, as far as this operator may see them."""
    ids = await conn.fetch("SELECT cases_with_grams($1, $2) AS case_id", grams, limit)
    rows = await conn.fetch(_THESE, *own(operator), [row["case_id"] for row in ids])
    return [as_case(row) for row in rows]


async def list_of_phone(
    conn: Connection, operator: Operator, phone_index: str, limit: int
) -> list[Case]:
    """The newest cases of a phone that this operator may see."""
    rows = await conn.fetch(_OF_PHONE, *own(operator), phone_index, limit)
    return [as_case(row) for row in rows]


async def list_added_words(
    conn: Connection, case_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID, str]]:
    """What was written later: the case, the addition, its words."""
    rows = await conn.fetch(
        """SELECT case_id, addition_id, words_sealed FROM case_additions
           WHERE case_id = ANY($1) AND words_sealed IS NOT NULL ORDER BY added_at, number""",
        case_ids,
    )
    return [(row["case_id"], row["addition_id"], row["words_sealed"]) for row in rows]
