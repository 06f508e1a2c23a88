"""Which complaints of a month stand behind each of its figures."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args
from uuid import UUID

from asyncpg import Record

from services.scoring.store import days
from services.scoring.store.days import Span
from services.scoring.store.months import BECAME, MEANS, Which, complaints
from shared.db import Connection

WHICH: tuple[Which, ...] = get_args(Which)
# Each as it is counted, and how many of those have a verdict.
_NUMBERS: Mapping[Which, tuple[str, str]] = {
    "complaints": ("complaints", "verified"),
    "called": ("called_back_same_day", "called_told"),
    "called_rule": ("called_back_in_time", "called_rule_told"),
    "verified": ("verified", "verified"),
    "verified_day": ("verified_same_day", "verified_same_day"),
    "verified_rule": ("verified_in_time", "verified_in_time"),
    "true": ("substantiated", "substantiated"),
    "rewards": ("rewards", "rewards_told"),
    "unsolved": ("not_solved", "not_solved"),
    "answered": ("answered_of_asked", "answered_of_asked"),
}
_LIST = f"""
    WITH complaints AS ({complaints("s.received_at >= $1 AND s.received_at < $2")})
    SELECT v.case_id, c.received_at, v.unit_code,
        (SELECT name FROM units u WHERE u.unit_code = v.unit_code) AS unit_name
    {BECAME} WHERE {{which}} AND v.case_id IS NOT NULL
    AND ($4::timestamptz IS NULL OR (c.received_at, c.case_id) < ($4, $5::uuid))
    ORDER BY c.received_at DESC, c.case_id DESC LIMIT $6
"""  # noqa: S608  the parts are this package's own


async def count(conn: Connection, span: Span, zone: str, which: Which) -> tuple[int, int]:
    """How many there are, and how many of them have a verdict that was told here."""
    told = days.total(await days.list_days(conn, span, zone))
    number, verified = (told[name] for name in _NUMBERS[which])
    return number, verified


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
    return list(await conn.fetch(_LIST.format(which=MEANS[which]), *span, zone, at, last, limit))
