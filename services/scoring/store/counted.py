"""Which complaints of a month stand behind each of its figures."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from asyncpg import Record

from services.scoring.store.months import BECAME, COMPLAINTS, MEANS, Which
from shared.db import Connection

WHICH: tuple[Which, ...] = get_args(Which)
_FROM = f"WITH complaints AS ({COMPLAINTS}) SELECT {{what}} {BECAME} WHERE {{which}}"
_LIST = """ AND v.case_id IS NOT NULL
    AND ($4::timestamptz IS NULL OR (c.received_at, c.case_id) < ($4, $5::uuid))
    ORDER BY c.received_at DESC, c.case_id DESC LIMIT $6
"""
Span = tuple[datetime, datetime]


async def count(conn: Connection, span: Span, zone: str, which: Which) -> tuple[int, int]:
    """How many there are, and how many of them have a verdict that was told here."""
    query = _FROM.format(what="count(*), count(v.case_id)", which=MEANS[which])
    row = await conn.fetchrow(query, *span, zone)
    return (row[0], row[1]) if row else (0, 0)


async def list_newest(
    conn: Connection,
    span: Span,
    zone: str,
    which: Which,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Record]:
    """Case, unit and its name of those with a verdict, the newest first, from before this one."""
    at, last = before or (None, None)
    what = """v.case_id, c.received_at, v.unit_code,
        (SELECT name FROM units u WHERE u.unit_code = v.unit_code) AS unit_name"""
    query = _FROM.format(what=what, which=MEANS[which]) + _LIST
    return list(await conn.fetch(query, *span, zone, at, last, limit))
