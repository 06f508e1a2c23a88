"""Runs of statements against the ledger, their differences, and the days not yet fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.rewards.rules.reconciling import CLOCKS, Difference, Ours
from shared.db import Connection

# What the ledger says of an order, beside what the order's own row does.
_OURS = """
    SELECT o.order_id, o.reward_id, o.product, o.amount_fen, o.opened_at, o.closed_at,
           o.outcome AS stored, (
               SELECT CASE WHEN bool_or(account = 'reversed') THEN 'reversed'
                           WHEN bool_or(account = 'paid') THEN 'paid'
                           WHEN bool_or(account = 'suspense') THEN NULL ELSE 'rejected' END
               FROM (SELECT account FROM ledger_entries e
                     WHERE e.order_id = o.order_id AND e.vendor = o.vendor
                     GROUP BY account HAVING sum(fen) <> 0) AS held) AS outcome,
           ARRAY(SELECT ARRAY[s.outcome, s.vendor_ref] FROM statement_orders s
                 WHERE s.vendor = o.vendor AND s.order_id = o.order_id) AS lines
    FROM orders o
"""
_NAMED = f"{_OURS} WHERE o.vendor = $1 AND o.order_id = ANY($2)"
# Those whose end falls into the statement's time, and of which no statement is lacking.
_EXPECTED = f"""
    {_OURS} WHERE o.vendor = $1 AND o.outcome IN ('paid', 'reversed')
      AND o.closed_at >= $2::timestamptz - $4::interval
      AND o.opened_at <= $3::timestamptz + $4::interval
      AND (SELECT range_agg(tstzrange(s.opened_at, s.closed_at))
           FROM statements s WHERE s.vendor = $1)
          @> tstzrange(o.opened_at - $4::interval, o.closed_at + $4::interval, '[]')
"""  # noqa: S608
_ADD = """
    INSERT INTO reconciliations (vendor, day, source, digest, actor, rows, paid_fen, refunded_fen,
        topped_up_fen, opening_fen, closing_fen, differences, unknown, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING run_id
"""
_ADD_DIFFERENCES = """
    INSERT INTO reconciliation_differences (run_id, number, kind, order_id, reward_id, facts)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_RUNS = """
    SELECT r.*, s.run_id IS NOT NULL AS stopped FROM reconciliations r
    LEFT JOIN standing_stops s USING (run_id)
"""
_PAGE = f"""
    {_RUNS} WHERE ($1::bigint IS NULL OR run_id < $1) AND ($2::text IS NULL OR r.vendor = $2)
      AND ($3 = 'all' OR (r.differences = 0) = ($3 = 'clean'))
    ORDER BY run_id DESC LIMIT $4
"""
_LACKING = """
    SELECT f.vendor, f.day, f.said FROM statement_fetches f
    WHERE f.vendor = ANY($1) AND f.day >= $2::date AND f.said IS NOT NULL
      AND NOT EXISTS (SELECT FROM reconciliations r WHERE r.vendor = f.vendor AND r.day = f.day)
    ORDER BY f.day, f.vendor
"""
_CLAIM_DAY = """
    INSERT INTO statement_fetches AS f (vendor, day, next_at, tries)
    SELECT $1, day, mashang_now() + $4::interval, 1
    FROM (SELECT generate_series($2::date, $3::date, '1 day')::date AS day) AS days
    WHERE NOT EXISTS (SELECT FROM reconciliations r WHERE r.vendor = $1 AND r.day = days.day)
      AND NOT EXISTS (SELECT FROM statement_fetches g WHERE g.vendor = $1 AND g.day = days.day
                      AND g.next_at > mashang_now())
    ORDER BY day LIMIT 1
    ON CONFLICT (vendor, day) DO UPDATE SET next_at = excluded.next_at, tries = f.tries + 1
        WHERE f.next_at <= mashang_now()
    RETURNING day
"""


@dataclass(frozen=True)
class Made:
    """What a run is stored with."""

    vendor: str
    day: date
    source: str
    digest: str
    actor: str
    rows: int
    paid_fen: int
    refunded_fen: int
    topped_up_fen: int
    opening_fen: int | None
    closing_fen: int | None


async def list_named(conn: Connection, vendor: str, order_ids: Sequence[str]) -> list[Any]:
    """Our orders at this vendor, of these ids."""
    return list(await conn.fetch(_NAMED, vendor, list(order_ids)))


async def list_expected(
    conn: Connection, vendor: str, opened_at: datetime, closed_at: datetime
) -> list[Any]:
    """Our orders that ended in this time, as far as the statements of all of it are there."""
    return list(await conn.fetch(_EXPECTED, vendor, opened_at, closed_at, CLOCKS))


def as_ours(row: Any) -> Ours:
    """One of these rows as a value."""
    names = ("order_id", "reward_id", "product", "amount_fen", "outcome", "opened_at", "closed_at")
    return Ours(**{name: row[name] for name in names},
                lines=frozenset((outcome, ref) for outcome, ref in row["lines"]))  # fmt: skip


async def list_elsewhere(conn: Connection, vendor: str, order_ids: Sequence[str]) -> list[str]:
    """The other vendors at which we made these orders."""
    rows = await conn.fetch(
        "SELECT DISTINCT vendor FROM orders WHERE order_id = ANY($2) AND vendor <> $1",
        vendor,
        list(order_ids),
    )
    return sorted(row["vendor"] for row in rows)


async def get_closing(conn: Connection, vendor: str, day: date) -> int | None:
    """What the vendor's wallet held at the end of a day, as its newest statement says."""
    closing: int | None = await conn.fetchval(
        """SELECT closing_fen FROM reconciliations WHERE vendor = $1 AND day = $2
           ORDER BY run_id DESC LIMIT 1""",
        vendor,
        day,
    )
    return closing


async def get_same(conn: Connection, vendor: str, day: date, digest: str) -> int | None:
    """The run of a statement that says the same."""
    run_id: int | None = await conn.fetchval(
        "SELECT run_id FROM reconciliations WHERE vendor = $1 AND day = $2 AND digest = $3",
        vendor,
        day,
        digest,
    )
    return run_id


async def add(
    conn: Connection, made: Made, found: Sequence[Difference], unknown: int, now: datetime
) -> int:
    """A run with its differences; its number."""
    run_id: int = await conn.fetchval(
        _ADD, made.vendor, made.day, made.source, made.digest, made.actor, made.rows, made.paid_fen,
        made.refunded_fen, made.topped_up_fen, made.opening_fen, made.closing_fen, len(found),
        unknown, now,
    )  # fmt: skip
    rows = [(run_id, n, one.kind, one.order_id, one.reward_id, dict(one.facts))
            for n, one in enumerate(found, 1)]  # fmt: skip
    await conn.executemany(_ADD_DIFFERENCES, rows)
    return run_id


async def list_page(
    conn: Connection, before: int | None, vendor: str | None, show: str, limit: int
) -> list[dict[str, Any]]:
    """Runs, newest first: `clean`, `differing` or `all`."""
    return [dict(row) for row in await conn.fetch(_PAGE, before, vendor, show, limit)]


async def get(conn: Connection, run_id: int) -> dict[str, Any] | None:
    """One run."""
    row = await conn.fetchrow(f"{_RUNS} WHERE run_id = $1", run_id)
    return dict(row) if row else None


async def list_differences(conn: Connection, run_id: int, limit: int) -> list[dict[str, Any]]:
    """Those of a run, with what has become of each order since."""
    rows = await conn.fetch(
        """SELECT d.number, d.kind, d.order_id, d.reward_id, d.facts, o.outcome AS outcome_now
           FROM reconciliation_differences d LEFT JOIN orders o USING (order_id)
           WHERE d.run_id = $1 ORDER BY d.number LIMIT $2""",
        run_id,
        limit,
    )
    return [dict(row) for row in rows]


async def claim_day(
    conn: Connection, vendor: str, first: date, last: date, again: timedelta
) -> date | None:
    """The earliest of these days of which there is no statement, leased to whoever asks first."""
    day: date | None = await conn.fetchval(_CLAIM_DAY, vendor, first, last, again)
    return day


async def mark_said(conn: Connection, vendor: str, day: date, said: str) -> None:
    """What came of asking."""
    await conn.execute(
        "UPDATE statement_fetches SET said = $3 WHERE vendor = $1 AND day = $2", vendor, day, said
    )


async def list_lacking(
    conn: Connection, vendors: Sequence[str], first: date
) -> list[dict[str, Any]]:
    """Days of these vendors that were looked for and have no statement: `none` or `unreadable` of
    one that hands them out, `upload` of one that does not."""
    return [dict(row) for row in await conn.fetch(_LACKING, list(vendors), first)]


async def list_newest(conn: Connection) -> list[dict[str, Any]]:
    """Of each vendor the newest day that was looked at, and its differences."""
    rows = await conn.fetch(
        """SELECT DISTINCT ON (vendor) vendor, day, differences FROM reconciliations
           ORDER BY vendor, day DESC, run_id DESC"""
    )
    return [dict(row) for row in rows]
