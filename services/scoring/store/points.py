"""The points ledger of each unit."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.values import Deduction, Entry
from shared.db import Connection

# Held to the end of the transaction. One lock for all verdicts, since an inbox batch touches many
# units and officers in any order, and two batches with a lock for each would stop one another.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('scoring.verdicts'))"
_IN_FORCE = """
    SELECT unit_code, reason, abs(delta_centipoints) AS centipoints, badge,
           -sum(sign(delta_centipoints))::int AS times
    FROM points_entries WHERE {which}
    GROUP BY unit_code, reason, abs(delta_centipoints), badge HAVING sum(delta_centipoints) <> 0
"""
_OF_CASE = _IN_FORCE.format(which="case_id = $1 AND badge IS NULL")
_OF_OFFICERS = _IN_FORCE.format(which="badge = ANY($1::text[])")
_ADD = """
    WITH score AS (
        INSERT INTO unit_scores (unit_code, balance_centipoints, entries) VALUES ($1, $7, 1)
        ON CONFLICT (unit_code) DO UPDATE SET entries = unit_scores.entries + 1,
            balance_centipoints = unit_scores.balance_centipoints + excluded.balance_centipoints
        RETURNING entries, balance_centipoints)
    INSERT INTO points_entries (unit_code, entry_no, case_id, revision, reason, badge, case_ids,
                                delta_centipoints, balance_centipoints)
    SELECT $1, entries, $2, $3, $4, $5, $6, $7, balance_centipoints FROM score
    RETURNING entry_no, balance_centipoints, changed_at
"""
_BALANCE = "SELECT balance_centipoints FROM unit_scores WHERE unit_code = $1"
_LIST = """
    SELECT entry_no, case_id, revision, reason, badge, case_ids, delta_centipoints,
           balance_centipoints, changed_at
    FROM points_entries WHERE unit_code = $1 AND entry_no < $2 ORDER BY entry_no DESC LIMIT $3
"""
_BALANCES = """
    SELECT u.unit_code, u.name, u.parent, coalesce(s.balance_centipoints, 0) AS balance_centipoints
    FROM units u LEFT JOIN unit_scores s USING (unit_code)
    WHERE u.active AND u.unit_code > $1 ORDER BY u.unit_code LIMIT $2
"""


async def lock_verdicts(conn: Connection) -> None:
    """Score one verdict at a time; released when the transaction ends."""
    await conn.execute(_LOCK)


async def get_deductions(conn: Connection, case_id: UUID) -> Counter[Deduction]:
    """What the case itself costs at present."""
    return _count(await conn.fetch(_OF_CASE, case_id))


async def get_extras(conn: Connection, badges: Collection[str]) -> Counter[Deduction]:
    """What the officers' strikes cost their units at present."""
    return _count(await conn.fetch(_OF_OFFICERS, list(badges)))


async def add_entry(conn: Connection, entry: Entry, case_id: UUID, revision: int) -> Record:
    """Append to the unit's ledger: entry_no, balance_centipoints, changed_at.

    `case_id` and `revision` are the verdict that caused it. The unit's row stays locked.
    """
    deduction = entry.deduction
    what = (deduction.reason, deduction.badge, list(entry.case_ids), entry.delta_centipoints)
    row = await conn.fetchrow(_ADD, deduction.unit_code, case_id, revision, *what)
    if row is None:
        raise LookupError("the ledger took no entry")
    return row


async def get_balance(conn: Connection, unit_code: str) -> int:
    """In centipoints; 0 for a unit that never lost one."""
    return int(await conn.fetchval(_BALANCE, unit_code) or 0)


async def list_balances(conn: Connection, after: str, limit: int) -> list[Record]:
    """Units that the operator may see, by code above `after`, with their balances."""
    return list(await conn.fetch(_BALANCES, after, limit))


async def list_entries(conn: Connection, unit_code: str, before: int, limit: int) -> list[Record]:
    """A unit's entries numbered below `before`, newest first."""
    return list(await conn.fetch(_LIST, unit_code, before, limit))


def _count(rows: list[Record]) -> Counter[Deduction]:
    return Counter(
        {
            Deduction(row["unit_code"], row["reason"], row["centipoints"], row["badge"]): row[
                "times"
            ]
            for row in rows
        }
    )
