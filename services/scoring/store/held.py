"""What is in force at present, book by book, and the verdicts that it should follow from.

All in the order of those whom it concerns, units or officers, so that however much there is, only
what is of one of them need be in memory.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.db import Connection

Book = Counter[tuple[str, ...]]
Whose = Literal["unit", "officer"]

# Nothing that is committed meanwhile is seen: a verdict and what it wrote are one transaction.
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_FOUND = """
    SELECT {whose} COLLATE "C" AS whose, v.case_id::text,
           coalesce(i.incident_id, v.incident_id)::text AS incident_id, v.kind, v.unit_code,
           v.verdict, v.attribution, v.officers, v.categories, v.named, v.received_at
    FROM verdicts v LEFT JOIN incidents i USING (case_id) {more}
    WHERE v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly', 'unsubstantiated')
    ORDER BY 1, v.received_at, v.case_id
"""
_FOUNDS: Mapping[Whose, str] = {
    "unit": _FOUND.format(whose="v.unit_code", more=""),
    "officer": _FOUND.format(
        whose="o.badge", more="CROSS JOIN LATERAL (SELECT DISTINCT unnest(v.officers) AS badge) o"
    ),
}
# Each a key and how much of it there is, in the order of `whose`; points in centipoints that were
# taken. A case that moved to another unit took its strikes and notes along.
_POINTS = """
    SELECT {whose} COLLATE "C" AS whose,
           ARRAY[unit_code, reason, coalesce(badge, case_id::text)] AS key,
           -sum(delta_centipoints)::int AS amount
    FROM points_entries WHERE badge IS {badge} GROUP BY 1, 2 HAVING sum(delta_centipoints) <> 0
    ORDER BY 1"""
_SANCTIONS = """
    SELECT s.{whose} COLLATE "C" AS whose,
           ARRAY[s.rule, coalesce(s.badge, ''), s.unit_code, coalesce(s.period, '')] AS key,
           count(*)::int AS amount
    FROM sanctions s LEFT JOIN sanction_withdrawals w USING (sanction_id)
    WHERE w.sanction_id IS NULL AND s.badge IS {badge} GROUP BY 1, 2 ORDER BY 1"""
_HELD: Mapping[Whose, Mapping[str, str]] = {
    "unit": {
        "points": _POINTS.format(whose="unit_code", badge="NULL"),
        "strikes": """
            SELECT max(coalesce(v.unit_code, s.unit_code)) COLLATE "C" AS whose,
                   ARRAY[s.badge, s.case_id::text, s.incident_id::text] AS key,
                   sum(s.delta)::int AS amount
            FROM strikes s LEFT JOIN verdicts v USING (case_id)
            GROUP BY 2 HAVING sum(s.delta) <> 0 ORDER BY 1""",
        "criticisms": """
            SELECT c.unit_code COLLATE "C" AS whose, ARRAY[c.unit_code, c.case_id::text] AS key,
                   count(*)::int AS amount
            FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
            WHERE w.year IS NULL GROUP BY 1, 2 ORDER BY 1""",
        "clearings": """
            SELECT max(coalesce(v.unit_code, p.unit_code)) COLLATE "C" AS whose,
                   ARRAY[p.badge, p.case_ids[1]::text] AS key, count(*)::int AS amount
            FROM papers p LEFT JOIN paper_withdrawals w USING (kind, year, number)
            LEFT JOIN verdicts v ON v.case_id = p.case_ids[1]
            WHERE p.kind = 'clearing' AND w.kind IS NULL GROUP BY 2 ORDER BY 1""",
        "sanctions": _SANCTIONS.format(whose="unit_code", badge="NULL"),
    },
    "officer": {
        "points": _POINTS.format(whose="badge", badge="NOT NULL"),
        "sanctions": _SANCTIONS.format(whose="badge", badge="NOT NULL"),
    },
}
# A balance that is not the sum of its entries, or entries that are not numbered through.
_BALANCES = """
    SELECT unit_code, s.balance_centipoints AS balance, s.entries,
           coalesce(sum(e.delta_centipoints), 0)::bigint AS summed,
           coalesce(max(e.entry_no), 0) AS last, count(e.entry_no) AS written
    FROM unit_scores s FULL JOIN points_entries e USING (unit_code)
    GROUP BY unit_code, s.balance_centipoints, s.entries
    HAVING s.balance_centipoints IS DISTINCT FROM coalesce(sum(e.delta_centipoints), 0)
        OR s.entries IS DISTINCT FROM count(e.entry_no) OR max(e.entry_no) <> count(e.entry_no)
    ORDER BY unit_code
"""


@dataclass(frozen=True)
class Found:
    """A verdict as it stands, told without any rule."""

    case_id: str
    incident_id: str
    kind: str
    unit_code: str
    verdict: str
    attribution: str
    officers: tuple[str, ...]
    categories: tuple[str, ...]
    named: tuple[str, ...]
    received_at: datetime


@dataclass
class Held:
    """Of one unit or officer: the verdicts, in the order of receipt, and what is in force."""

    whose: str
    found: list[Found]
    books: dict[str, Book]


class _Rows:
    """A query's rows in the order of `whose`, those of one after the other."""

    def __init__(self, conn: Connection, query: str) -> None:
        self._rows = aiter(conn.cursor(query, prefetch=1000))
        self._next: dict[str, Any] | None = None

    async def head(self) -> str | None:
        """Whose the next row is; None at the end."""
        if self._next is None:
            row = await anext(self._rows, None)
            self._next = dict(row) if row is not None else None
        return str(self._next["whose"]) if self._next else None

    async def take(self, whose: str) -> AsyncIterator[dict[str, Any]]:
        """The next rows as far as they are of this one."""
        while await self.head() == whose and (row := self._next):
            self._next = None
            yield row


async def begin(conn: Connection) -> None:
    """See one moment only; the first statement of the transaction, which writes nothing."""
    await conn.execute(_SNAPSHOT)


async def list_held(conn: Connection, whose: Whose) -> AsyncIterator[Held]:
    """Everybody of whom there is a verdict or anything in force, one after another."""
    found = _Rows(conn, _FOUNDS[whose])
    books = {name: _Rows(conn, query) for name, query in _HELD[whose].items()}
    while heads := [h for one in (found, *books.values()) if (h := await one.head()) is not None]:
        first = min(heads)  # as "C" has it: by code point
        yield Held(
            first,
            [_found(row) async for row in found.take(first)],
            {name: await _book(rows, first) for name, rows in books.items()},
        )


def _found(row: dict[str, Any]) -> Found:
    arrays = {name: tuple(row[name]) for name in ("officers", "categories", "named")}
    return Found(**{name: row[name] for name in Found.__annotations__} | arrays)


async def _book(rows: _Rows, whose: str) -> Book:
    return Counter({tuple(row["key"]): row["amount"] async for row in rows.take(whose)})


async def list_broken(conn: Connection) -> AsyncIterator[str]:
    """Units whose balance is not the sum of a ledger that is numbered through."""
    async for row in conn.cursor(_BALANCES):
        yield (
            f"balance: {row['unit_code']}: {row['balance']} stands there, {row['summed']} by"
            f" {row['written']} entries up to no. {row['last']}"
        )
