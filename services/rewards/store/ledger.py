"""The ledger: postings are added and never changed; sums are kept beside them by month."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.rewards.rules.ledger import Entries, Held, Place, Posting
from shared.db import Connection

_ENTRIES = """
    SELECT p.posting_no, p.reverses, e.account, e.vendor, e.order_id, e.fen
    FROM ledger_postings p JOIN ledger_entries e USING (posting_no)
"""
_ADD = """
    WITH posting AS (
        INSERT INTO ledger_postings (step, reward_id, version, month, for_month, reverses,
                                     refers_to, actor, note, booked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING posting_no),
    entries AS (
        INSERT INTO ledger_entries (posting_no, account, vendor, order_id, fen)
        SELECT posting_no, account, vendor, order_id, fen
        FROM posting, unnest($11::text[], $12::text[], $13::text[], $14::bigint[])
             AS e (account, vendor, order_id, fen))
    SELECT posting_no FROM posting
"""
# Each by its number, whatever PostgreSQL expects of how many there are: `OFFSET` keeps it apart.
_POSTING = """CROSS JOIN LATERAL (
    SELECT month, step FROM ledger_postings WHERE posting_no = f.posting_no OFFSET 0) AS p"""
# What is summed, and what is not yet: together the whole, as one look at one moment.
_TURNOVER = f"""
    SELECT month, account, vendor, step, sum(debit_fen)::bigint AS debit_fen,
           sum(credit_fen)::bigint AS credit_fen
    FROM (SELECT month, account, vendor, step, debit_fen, credit_fen FROM ledger_turnover
          UNION ALL
          SELECT p.month, f.account, f.vendor, p.step, greatest(f.fen, 0), greatest(-f.fen, 0)
          FROM ledger_fresh f {_POSTING}) AS found
    WHERE month <= $1 GROUP BY month, account, vendor, step
"""  # noqa: S608
_SUM = f"""
    WITH taken AS (
        DELETE FROM ledger_fresh WHERE ctid = ANY(ARRAY(SELECT ctid FROM ledger_fresh LIMIT $1))
        RETURNING posting_no, account, vendor, fen)
    INSERT INTO ledger_turnover AS t (month, account, vendor, step, debit_fen, credit_fen)
    SELECT p.month, f.account, f.vendor, p.step, sum(greatest(f.fen, 0)), sum(greatest(-f.fen, 0))
    FROM taken f {_POSTING} GROUP BY p.month, f.account, f.vendor, p.step
    ON CONFLICT (month, account, vendor, step) DO UPDATE
        SET debit_fen = t.debit_fen + excluded.debit_fen,
            credit_fen = t.credit_fen + excluded.credit_fen
"""  # noqa: S608
_PAGE = """
    SELECT posting_no, step, reward_id, month, for_month, reverses, refers_to, actor, note,
           booked_at,
           (SELECT jsonb_agg(jsonb_build_object('account', account, 'vendor', vendor,
                             'order_id', order_id, 'fen', fen) ORDER BY fen DESC, account)
            FROM ledger_entries e WHERE e.posting_no = p.posting_no) AS entries,
           (SELECT r.posting_no FROM ledger_postings r WHERE r.reverses = p.posting_no)
               AS reversed_by
    FROM ledger_postings p
"""


@dataclass(frozen=True)
class Turnover:
    """What went through an account in a month by a step; fen."""

    month: date
    account: str
    vendor: str
    step: str
    debit_fen: int
    credit_fen: int


async def list_held(conn: Connection, reward_id: UUID) -> list[Held]:
    """The orders of a reward."""
    rows = await conn.fetch(
        "SELECT order_id, vendor, amount_fen, outcome FROM orders WHERE reward_id = $1", reward_id
    )
    return [Held(**dict(row)) for row in rows]


async def list_of(conn: Connection, reward_id: UUID) -> list[Posting]:
    """What is booked of a reward."""
    return _postings(await conn.fetch(f"{_ENTRIES} WHERE p.reward_id = $1", reward_id))


async def get(conn: Connection, number: int) -> Posting | None:
    """One posting."""
    found = _postings(await conn.fetch(f"{_ENTRIES} WHERE p.posting_no = $1", number))
    return found[0] if found else None


async def is_reversed(conn: Connection, number: int) -> bool:
    """Whether another posting turns this one round."""
    asked = "SELECT EXISTS (SELECT FROM ledger_postings WHERE reverses = $1)"
    return await conn.fetchval(asked, number) is True


def _postings(rows: list[Any]) -> list[Posting]:
    entries: dict[tuple[int, int | None], dict[Place, int]] = defaultdict(dict)
    for number, reverses, account, vendor, order_id, fen in rows:
        entries[number, reverses][Place(account, vendor, order_id)] = fen
    return [Posting(number, found, reverses) for (number, reverses), found in entries.items()]


async def add(
    conn: Connection,
    step: str,
    entries: Entries,
    month: date,
    now: datetime,
    *,
    actor: str,
    reward_id: UUID | None = None,
    version: int | None = None,
    for_month: date | None = None,
    reverses: int | None = None,
    refers_to: int | None = None,
    note: str | None = None,
) -> int:
    """A posting's number. The database refuses, at the end of the transaction, what does not
    balance."""
    places = list(entries)
    number: int = await conn.fetchval(
        _ADD, step, reward_id, version, month, for_month, reverses, refers_to, actor, note, now,
        *([place[n] for place in places] for n in range(3)), [entries[place] for place in places],
    )  # fmt: skip
    return number


async def add_up(conn: Connection, most: int) -> int:
    """Sum what is not yet; how many entries. One instance at a time, as the sums are shared."""
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('ledger turnover'))"):
        return 0
    waiting: int = await conn.fetchval("SELECT count(*) FROM (TABLE ledger_fresh LIMIT $1) f", most)
    if waiting:
        await conn.execute(_SUM, most)
    return waiting


async def list_turnover(conn: Connection, until: date) -> list[Turnover]:
    """All months until one, added up: some hundred rows a year, however much is paid."""
    return [Turnover(**dict(row)) for row in await conn.fetch(_TURNOVER, until)]


async def list_page(conn: Connection, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Postings, newest first."""
    rows = await conn.fetch(
        f"{_PAGE} WHERE $1::bigint IS NULL OR posting_no < $1 ORDER BY posting_no DESC LIMIT $2",
        before,
        limit,
    )
    return [dict(row) for row in rows]


async def get_shown(conn: Connection, number: int) -> dict[str, Any] | None:
    """One posting, with its entries."""
    row = await conn.fetchrow(f"{_PAGE} WHERE posting_no = $1", number)
    return dict(row) if row else None
