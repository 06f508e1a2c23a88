"""What staff took in for citizens, and the receipts that are still to go out by SMS."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from shared.db import Connection
from shared.events import Kind, Language

Way = Literal["phone", "walk_in"]

# What was mended before it was taken in counts; what was taken in has its receipt already.
_NOTE = """
    INSERT INTO receipts_due (receipt_hash, username, way, language, link_sealed)
    SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (
        SELECT FROM filings f JOIN submissions s ON s.id = f.submission_id
        WHERE s.receipt_hash = $1)
    ON CONFLICT (receipt_hash) DO UPDATE SET way = excluded.way, language = excluded.language
"""
_TAKE = """
    WITH due AS (
        DELETE FROM receipts_due d USING submissions s
        WHERE d.receipt_hash = $1 AND s.receipt_hash = d.receipt_hash
        RETURNING d.username, d.way, d.language, d.link_sealed, s.id, s.unit_code, s.phone_sealed,
            s.received_at
    ), filed AS (
        INSERT INTO filings (submission_id, unit_code, username, way, filed_at)
        SELECT id, unit_code, username, way, received_at FROM due
    )
    SELECT id, phone_sealed, language, link_sealed FROM due
"""
_LEFT = """
    SELECT d.receipt_hash FROM receipts_due d JOIN submissions s USING (receipt_hash)
    WHERE d.noted_at < mashang_now() - $1::interval ORDER BY d.noted_at LIMIT $2
"""
# However old: what was taken in has a receipt to come.
_FORGET = """
    DELETE FROM receipts_due d WHERE d.noted_at < mashang_now() - $1::interval
        AND NOT EXISTS (SELECT FROM submissions s WHERE s.receipt_hash = d.receipt_hash)
"""
_LIST = """
    SELECT f.filed_at, f.way, s.kind, f.unit_code, coalesce(u.name, f.unit_code) AS unit_name,
        coalesce(p.name, f.username) AS filed_by
    FROM filings f JOIN submissions s ON s.id = f.submission_id
    LEFT JOIN units u ON u.code = f.unit_code LEFT JOIN staff p ON p.username = f.username
    ORDER BY f.filed_at DESC, f.submission_id LIMIT $1
"""


class Taken(NamedTuple):
    """A receipt that goes out now; the phone is sealed as the submission's own."""

    submission_id: UUID
    phone_sealed: str | None
    language: Language
    link_sealed: str


class Filed(NamedTuple):
    """What somebody filed, as far as a list shows it."""

    filed_at: datetime
    way: Way
    kind: Kind
    unit_code: str
    unit_name: str
    filed_by: str


async def note(
    conn: Connection, receipt_hash: bytes, username: str, way: Way, language: Language, link: str
) -> None:
    """What will be stored under this receipt is filed by somebody, and its link is due."""
    await conn.execute(_NOTE, receipt_hash, username, way, language, link)


async def take(conn: Connection, receipt_hash: bytes) -> Taken | None:
    """Record who filed what is stored by now; None where that was done, or nothing is stored."""
    row = await conn.fetchrow(_TAKE, receipt_hash)
    return Taken(*row) if row else None


async def list_left(conn: Connection, after: timedelta, most: int) -> list[bytes]:
    """The receipts that should have gone out by now, and did not."""
    return [row["receipt_hash"] for row in await conn.fetch(_LEFT, after, most)]


async def forget(conn: Connection, after: timedelta) -> None:
    """What was refused, and never sent again."""
    await conn.execute(_FORGET, after)


async def list_newest(conn: Connection, most: int) -> list[Filed]:
    """The newest first; acting for an operator, only those that they may see."""
    return [Filed(*row) for row in await conn.fetch(_LIST, most)]
