"""The points ledger of each unit."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.values import Change, Fact
from shared.db import Connection

_ADD = """
    WITH score AS (
        INSERT INTO unit_scores (unit_code, balance_centipoints, entries) VALUES ($1, $7, 1)
        ON CONFLICT (unit_code) DO UPDATE SET entries = unit_scores.entries + 1,
            balance_centipoints = unit_scores.balance_centipoints + excluded.balance_centipoints
        RETURNING entries, balance_centipoints)
    INSERT INTO points_entries (unit_code, entry_no, case_id, revision, reason, badge, case_ids,
                                delta_centipoints, balance_centipoints, edition)
    SELECT $1, entries, $2, $3, $4, $5, $6, $7, balance_centipoints, $8 FROM score
    RETURNING entry_no, balance_centipoints, changed_at
"""
_BALANCE = "SELECT balance_centipoints FROM unit_scores WHERE unit_code = $1"
# Taken for one of these cases, and not given back since.
_PROVISIONAL = """
    e.delta_centipoints < 0 AND e.case_ids && {cases}::uuid[] AND NOT EXISTS (
        SELECT FROM points_entries back
        WHERE back.unit_code = e.unit_code AND back.entry_no > e.entry_no
          AND back.delta_centipoints > 0 AND back.reason = e.reason
          AND back.badge IS NOT DISTINCT FROM e.badge
          AND (back.badge IS NOT NULL OR back.case_ids = e.case_ids))
"""
_LIST = f"""
    SELECT entry_no, case_id, revision, reason, badge, case_ids, delta_centipoints,
           balance_centipoints, changed_at, edition,
           {_PROVISIONAL.format(cases="$4")} AS provisional
    FROM points_entries e WHERE unit_code = $1 AND entry_no < $2 ORDER BY entry_no DESC LIMIT $3
"""  # noqa: S608  the condition is this module's own
_DAYS = f"""
    SELECT (changed_at AT TIME ZONE $3)::date AS day,
           sum(delta_centipoints)::bigint AS change_centipoints,
           (array_agg(balance_centipoints ORDER BY entry_no DESC))[1] AS balance_centipoints,
           coalesce(sum(delta_centipoints) FILTER (WHERE {_PROVISIONAL.format(cases="$4")}),
                    0)::bigint AS provisional_centipoints
    FROM points_entries e WHERE unit_code = $1 AND changed_at >= $2 GROUP BY day ORDER BY day
"""  # noqa: S608  the condition is this module's own
_BALANCES = """
    SELECT u.unit_code, u.name, u.parent, coalesce(s.balance_centipoints, 0) AS balance_centipoints
    FROM units u LEFT JOIN unit_scores s USING (unit_code)
    WHERE u.active AND u.unit_code > $1 ORDER BY u.unit_code LIMIT $2
"""


async def add_entry(conn: Connection, change: Change, fact: Fact) -> Record:
    """Append to the unit's ledger: entry_no, balance_centipoints, changed_at.

    `fact` is the verdict that caused it. The unit's row stays locked.
    """
    unit_code, cause = change.demand.subject.id, change.demand.cause
    badge = cause.scope.id if cause.scope.kind == "officer" else None
    what = (cause.rule, badge, list(change.case_ids), change.delta_centipoints)
    edition = change.demand.edition
    row = await conn.fetchrow(_ADD, unit_code, fact.case_id, fact.revision, *what, edition)
    if row is None:
        raise LookupError("the ledger took no entry")
    return row


async def get_balance(conn: Connection, unit_code: str) -> int:
    """In centipoints; 0 for a unit that never lost one."""
    return int(await conn.fetchval(_BALANCE, unit_code) or 0)


async def list_balances(conn: Connection, after: str, limit: int) -> list[Record]:
    """Units that the operator may see, by code above `after`, with their balances."""
    return list(await conn.fetch(_BALANCES, after, limit))


async def list_days(
    conn: Connection, unit_code: str, since: datetime, zone: str, open_cases: Collection[UUID]
) -> list[Record]:
    """The days on which a unit's balance changed, with the balance of the evening.

    And what was taken for cases whose marks may still fall.
    """
    return list(await conn.fetch(_DAYS, unit_code, since, zone, list(open_cases)))


async def list_entries(
    conn: Connection, unit_code: str, before: int, limit: int, open_cases: Collection[UUID] = ()
) -> list[Record]:
    """A unit's entries numbered below `before`, newest first; which of them may still fall."""
    return list(await conn.fetch(_LIST, unit_code, before, limit, list(open_cases)))
