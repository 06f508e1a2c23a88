"""Submissions, which nobody changes or deletes once they are in."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db import Connection
from shared.errors import NotFound
from shared.events import Kind, Language


class Stored(NamedTuple):
    """The facts of a stored submission that its receipt states.

    The first receipts promised no times, and have no tree: each was signed by itself. What is known
    only when it is signed stands last.
    """

    id: UUID
    receipt_hash: bytes
    content_hash: bytes
    kind: Kind
    unit_code: str
    counter: int | None
    received_at: datetime
    key_id: str
    phone_index: str | None
    callback_due_at: datetime | None
    verification_due_at: datetime | None
    signature: bytes
    leaf_index: int | None
    tree_size: int | None
    tree_path: bytes | None


class Rated(NamedTuple):
    """What a submission was about: what one adds to it belongs there, too."""

    id: UUID
    kind: Kind
    unit_code: str
    counter: int | None
    satisfaction: int | None
    received_at: datetime


class Row(NamedTuple):
    """One submission with its event, in the order of the statement's columns.

    Not stored: the receipt's `code`, which only the citizen has, the `statement` that it stands
    for, made from the facts, and its `file`, once it is signed.
    """

    facts: Stored
    code: str
    statement: str
    file: str
    satisfaction: int | None
    categories: str
    words_sealed: str | None
    phone_sealed: str | None
    officer_badge: str | None
    urgent: bool
    language: Language
    details: str | None
    event_id: UUID
    event_type: str
    event_body: str


# `categories` travels joined, since unnest would flatten an array of arrays. Rows come sorted by
# receipt_hash: two batches that share keys then wait for each other instead of deadlocking.
_ADD = """
    WITH sent AS (
        SELECT * FROM unnest(
            $1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::smallint[],
            $7::timestamptz[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
            $12::bytea[], $13::int[], $14::int[], $15::bytea[], $16::smallint[], $17::text[],
            $18::text[], $19::text[], $20::text[], $21::boolean[], $22::text[], $23::text[],
            $24::uuid[], $25::text[], $26::text[]
        ) AS s (id, receipt_hash, content_hash, kind, unit_code, counter, received_at, key_id,
                phone_index, callback_due_at, verification_due_at, signature, leaf_index,
                tree_size, tree_path, satisfaction, categories, words_sealed, phone_sealed,
                officer_badge, urgent, language, details, event_id, event_type, event_body)
    ), added AS (
        INSERT INTO submissions (
            id, receipt_hash, content_hash, kind, unit_code, counter, received_at, key_id,
            phone_index, callback_due_at, verification_due_at, signature, leaf_index, tree_size,
            tree_path, satisfaction, categories, words_sealed, phone_sealed,
            officer_badge, urgent, language, details)
        SELECT id, receipt_hash, content_hash, kind, unit_code, counter, received_at, key_id,
            phone_index, callback_due_at, verification_due_at, signature, leaf_index, tree_size,
            tree_path, satisfaction, string_to_array(categories, ','), words_sealed,
            phone_sealed, officer_badge, urgent, language, details::jsonb
        FROM sent
        ON CONFLICT ON CONSTRAINT submissions_receipt_key DO NOTHING
        RETURNING id
    ), published AS (
        INSERT INTO outbox (event_id, type, body)
        SELECT event_id, event_type, event_body FROM sent JOIN added USING (id)
    )
    SELECT id FROM added
"""
# Nearly all lies before the first id that the totals do not have.
_KINDS = """
    count(*) FILTER (WHERE kind = 'rating') AS ratings,
    count(*) FILTER (WHERE kind = 'complaint') AS complaints,
    count(*) FILTER (WHERE kind = 'request') AS requests
"""
_SUM_UP = f"""
    WITH more AS (SELECT {_KINDS} FROM submissions WHERE id >= $1 AND id < $2)
    UPDATE received_before r SET id = $2, ratings = r.ratings + more.ratings,
        complaints = r.complaints + more.complaints, requests = r.requests + more.requests
    FROM more
"""  # noqa: S608
_FACTS = """
    id, receipt_hash, content_hash, kind, unit_code, counter, received_at, key_id, phone_index,
    callback_due_at, verification_due_at, signature, leaf_index, tree_size, tree_path
"""


async def add_all(conn: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Store submissions and their events; the ids of those whose receipt was not there yet."""
    ordered = sorted(rows, key=lambda row: row.facts.receipt_hash)
    columns = zip(*((*facts, *rest) for facts, _, _, _, *rest in ordered), strict=True)
    added = await conn.fetch(_ADD, *map(list, columns))
    return {row["id"] for row in added}


async def list_by_receipts(conn: Connection, hashes: Sequence[bytes]) -> list[Stored]:
    """The stored facts behind some receipts."""
    sql = f"SELECT {_FACTS} FROM submissions WHERE receipt_hash = ANY($1::bytea[])"  # noqa: S608
    return [Stored(*row) for row in await conn.fetch(sql, hashes)]


async def get_by_receipt(conn: Connection, receipt_hash: bytes) -> Stored | None:
    """The stored facts behind one receipt."""
    found = await list_by_receipts(conn, [receipt_hash])
    return found[0] if found else None


async def get(conn: Connection, submission_id: UUID) -> Stored | None:
    """The stored facts of one submission."""
    sql = f"SELECT {_FACTS} FROM submissions WHERE id = $1"  # noqa: S608
    row = await conn.fetchrow(sql, submission_id)
    return Stored(*row) if row else None


async def get_rated(conn: Connection, receipt_hash: bytes) -> Rated:
    """What was rated under a receipt. NotFound."""
    row = await conn.fetchrow(
        """SELECT id, kind, unit_code, counter, satisfaction, received_at
           FROM submissions WHERE receipt_hash = $1""",
        receipt_hash,
    )
    if row is None:
        raise NotFound("refused.no_receipt")
    return Rated(*row)


async def get_phone(conn: Connection, submission_id: UUID) -> str | None:
    """The sealed phone that was left, if any."""
    sql = "SELECT phone_sealed FROM submissions WHERE id = $1"
    sealed: str | None = await conn.fetchval(sql, submission_id)
    return sealed


class Received(NamedTuple):
    """How many of each kind were ever received."""

    ratings: int
    complaints: int
    requests: int


async def count_by_kind(conn: Connection) -> Received:
    """The totals, and what came since."""
    [before] = await conn.fetch("SELECT id, ratings, complaints, requests FROM received_before")
    [since] = await conn.fetch(
        f"SELECT {_KINDS} FROM submissions WHERE id >= $1",  # noqa: S608
        before["id"],
    )
    return Received(*(before[name] + since[name] for name in Received._fields))


async def sum_up(conn: Connection) -> None:
    """Take into the totals what is older than an hour; one instance at a time."""
    last = await conn.fetchval("SELECT id FROM received_before FOR UPDATE")
    until = await conn.fetchval("SELECT first_id(now() - interval '1 hour')")
    if last < until:
        await conn.execute(_SUM_UP, last, until)


async def count_without_unit(conn: Connection) -> int:
    """Submissions of the last day for a unit that the directory has not named."""
    return int(
        await conn.fetchval(
            """
            SELECT count(*) FROM submissions s
            WHERE id >= first_id(now() - interval '1 day')
              AND received_at > (SELECT mashang_now()) - interval '1 day'
              AND NOT EXISTS (SELECT FROM units u WHERE u.code = s.unit_code)
            """
        )
    )
