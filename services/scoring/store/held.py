"""What is in force at present, book by book, and the verdicts that it should follow from."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection

Book = Counter[tuple[str, ...]]
BOOKS = ("points", "strikes", "criticisms", "clearings", "sanctions")

_FOUND = """
    SELECT v.case_id::text, coalesce(i.incident_id, v.incident_id)::text AS incident_id, v.kind,
           v.unit_code, v.verdict, v.attribution, v.officers, v.categories, v.named, v.received_at
    FROM verdicts v LEFT JOIN incidents i USING (case_id)
    WHERE v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly', 'unsubstantiated')
"""
# Each a key and how much of it there is; points in centipoints that were taken.
_HELD = {
    "points": """
        SELECT ARRAY[unit_code, reason, coalesce(badge, case_id::text)] AS key,
               -sum(delta_centipoints)::int AS amount
        FROM points_entries GROUP BY 1 HAVING sum(delta_centipoints) <> 0""",
    "strikes": """
        SELECT ARRAY[badge, case_id::text, incident_id::text] AS key, sum(delta)::int AS amount
        FROM strikes GROUP BY 1 HAVING sum(delta) <> 0""",
    "criticisms": """
        SELECT ARRAY[c.unit_code, c.case_id::text] AS key, count(*)::int AS amount
        FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
        WHERE w.year IS NULL GROUP BY 1""",
    "clearings": """
        SELECT ARRAY[p.badge, p.case_ids[1]::text] AS key, count(*)::int AS amount
        FROM papers p LEFT JOIN paper_withdrawals w USING (kind, year, number)
        WHERE p.kind = 'clearing' AND w.kind IS NULL GROUP BY 1""",
    "sanctions": """
        SELECT ARRAY[s.rule, coalesce(s.badge, ''), s.unit_code, coalesce(s.period, '')] AS key,
               count(*)::int AS amount
        FROM sanctions s LEFT JOIN sanction_withdrawals w USING (sanction_id)
        WHERE w.sanction_id IS NULL GROUP BY 1""",
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


async def list_found(conn: Connection) -> AsyncIterator[Found]:
    """Every complaint's verdict that may demand something; inside a transaction."""
    async for row in conn.cursor(_FOUND, prefetch=1000):
        arrays = {name: tuple(row[name]) for name in ("officers", "categories", "named")}
        yield Found(**dict(row) | arrays)


async def get_book(conn: Connection, name: str) -> Book:
    """One of BOOKS as it is."""
    rows = await conn.fetch(_HELD[name])
    return Counter({tuple(row["key"]): row["amount"] for row in rows})


async def list_broken(conn: Connection) -> list[str]:
    """Units whose balance is not the sum of a ledger that is numbered through."""
    return [
        f"balance: {row['unit_code']}: {row['balance']} stands there, {row['summed']} by"
        f" {row['written']} entries up to no. {row['last']}"
        for row in await conn.fetch(_BALANCES)
    ]
