"""Which complaints of a month stand behind each of its figures."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from asyncpg import Record

from services.scoring.store.months import COMPLAINTS, TRUE
from shared.db import Connection

Which = Literal[
    "complaints", "called", "called_rule", "verified", "verified_day", "verified_rule", "true",
    "rewards", "unsolved",
]  # fmt: skip
WHICH: tuple[Which, ...] = get_args(Which)
_WHERE: dict[Which, str] = {
    "complaints": "true",
    "called": "b.state = 'reached' AND (b.called_at AT TIME ZONE $3)::date = c.day",
    "called_rule": "b.state = 'reached' AND b.called_at <= b.due_at",
    "verified": "v.case_id IS NOT NULL",
    "verified_day": "v.case_id IS NOT NULL AND (h.handed_at AT TIME ZONE $3)::date = c.day",
    "verified_rule": "v.case_id IS NOT NULL AND h.handed_at <= h.due_at",
    "true": TRUE,
    "rewards": "r.reward_id IS NOT NULL",
    "unsolved": "v.case_id IS NOT NULL AND NOT a.solved",
}
_FROM = f"""
    WITH complaints AS ({COMPLAINTS})
    SELECT {{what}}
    FROM complaints c
    LEFT JOIN callbacks b ON b.case_id = c.case_id
    LEFT JOIN verdicts v ON v.case_id = c.case_id
    LEFT JOIN handed_in h ON h.case_id = c.case_id
    LEFT JOIN answers a ON a.submission_id = c.submission_id
    LEFT JOIN rewards r ON r.case_id = c.case_id AND r.paid_at IS NOT NULL
        AND r.reversed_at IS NULL
    WHERE {{which}}
"""  # noqa: S608  the conditions are this package's own
_LIST = """ AND v.case_id IS NOT NULL
    AND ($4::timestamptz IS NULL OR (c.received_at, c.case_id) < ($4, $5::uuid))
    ORDER BY c.received_at DESC, c.case_id DESC LIMIT $6
"""
Span = tuple[datetime, datetime]


async def count(conn: Connection, span: Span, zone: str, which: Which) -> tuple[int, int]:
    """How many there are, and how many of them have a verdict that was told here."""
    query = _FROM.format(what="count(*), count(v.case_id)", which=_WHERE[which])
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
    query = _FROM.format(what=what, which=_WHERE[which]) + _LIST
    return list(await conn.fetch(query, *span, zone, at, last, limit))
