"""Which complaints of a month stand behind each of its figures."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args
from uuid import UUID

from asyncpg import Record

from services.scoring.store import behind, days
from services.scoring.store.behind import FRESH
from services.scoring.store.days import WHOSE, Span
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
# Each list ends before its `$2` and `$4`; how many there are is said in the statement, since a plan
# for any number of them would read them all.
_READ = f"""
    WITH noted AS (SELECT DISTINCT key FROM figure_news), {WHOSE}, {FRESH}, counted AS (
        SELECT case_id, received_at, unit_code FROM fresh
        WHERE {{which}} AND (received_at, case_id) < ($2, $4::uuid)
        UNION ALL (SELECT case_id, received_at, unit_code FROM figure_cases
            WHERE {{which}} AND received_at >= $1 AND (received_at, case_id) < ($2, $4)
            AND case_id NOT IN (SELECT case_id FROM anew)
            ORDER BY received_at DESC, case_id DESC LIMIT {{most}})
    )
    SELECT c.case_id, c.received_at, c.unit_code, u.name AS unit_name
    FROM counted c LEFT JOIN units u ON u.unit_code = c.unit_code
    ORDER BY c.received_at DESC, c.case_id DESC LIMIT {{most}}
"""  # noqa: S608  the parts are this package's own
_ALL = f"""
    WITH complaints AS ({complaints("s.received_at >= $1 AND s.received_at <= $2")})
    SELECT v.case_id, c.received_at, v.unit_code,
        (SELECT name FROM units u WHERE u.unit_code = v.unit_code) AS unit_name
    {BECAME} WHERE {{which}} AND v.case_id IS NOT NULL AND (c.received_at, c.case_id) < ($2, $4)
    ORDER BY c.received_at DESC, c.case_id DESC LIMIT $5
"""  # noqa: S608
_FIRST = UUID(int=0)


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
    if not await behind.is_known(conn, span[0], zone):
        return await list_all(conn, span, zone, which, before, limit)
    flag = f"is_{which}" if which in behind.FLAGS else "true"
    at, last = min((span[1], _FIRST), before or (span[1], _FIRST))
    statement = _READ.format(which=flag, most=limit)
    return list(await conn.fetch(statement, span[0], at, zone, last))


async def list_all(
    conn: Connection,
    span: Span,
    zone: str,
    which: Which,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Record]:
    """The same, from the complaints alone."""
    at, last = min((span[1], _FIRST), before or (span[1], _FIRST))
    return list(await conn.fetch(_ALL.format(which=MEANS[which]), span[0], at, zone, last, limit))
