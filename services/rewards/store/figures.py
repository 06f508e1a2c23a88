"""Counts of all rewards, as running totals, and ages of those that are open.

Whoever moves a reward adds to `state_changes` what it was and what it is (rewards_0021); a job sums
that up. Totals and changes together are always the count of all rewards.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from services.rewards.rules.causes import OPEN
from services.rewards.rules.states import State
from shared.db import Connection

_STATES = list(get_args(State))
_ALL = "SELECT state, count(*) AS number, sum(amount_fen) AS fen FROM rewards GROUP BY state"
_SUMMED = "SELECT state, sum(sign) AS number, sum(sign * amount_fen) AS fen FROM {rows} GROUP BY 1"
_READ = f"""
    SELECT t.state, t.number + coalesce(c.number, 0) AS number,
           t.fen + coalesce(c.fen, 0)::bigint AS fen
    FROM state_totals t LEFT JOIN ({_SUMMED.format(rows="state_changes")}) AS c USING (state)
"""  # noqa: S608  the parts are this module's own
_ADD_UP = f"""
    WITH taken AS (
        DELETE FROM state_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM state_changes LIMIT $1)) RETURNING *
    ), summed AS ({_SUMMED.format(rows="taken")})
    UPDATE state_totals t SET number = t.number + s.number, fen = t.fen + s.fen
    FROM summed s WHERE s.state = t.state
"""  # noqa: S608
# One look at one moment: what it sees of the changes, it sees in the rewards as well.
_BEGIN = f"""
    WITH gone AS (DELETE FROM state_changes)
    INSERT INTO state_totals (state, number, fen)
    SELECT state, coalesce(number, 0), coalesce(fen, 0)
    FROM unnest($1::text[]) AS known (state) LEFT JOIN ({_ALL}) AS counted USING (state)
    ON CONFLICT ON CONSTRAINT state_totals_pkey
        DO UPDATE SET number = excluded.number, fen = excluded.fen
"""  # noqa: S608
# All rewards take seconds, and are counted so once; a statement of ours has 25 otherwise.
_PATIENCE = 600.0
_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_AGES = f"""
    SELECT coalesce(max(mashang_now() - unknown_at), '0') AS oldest_unknown,
           coalesce(max(mashang_now() - sent_at) FILTER (WHERE state = 'accepted'), '0')
               AS oldest_accepted,
           count(*) FILTER (WHERE due_at < mashang_now()) AS overdue,
           (SELECT count(*) FROM vendor_pauses WHERE until_at > mashang_now()) AS paused,
           coalesce(max(mashang_now() - verified_at), '0') AS oldest_unpaid,
           count(*) FILTER (WHERE due_at >= mashang_now() AND due_at < mashang_now() + $1)
               AS due_soon
    FROM rewards WHERE state IN ({_OPEN})
"""  # noqa: S608


@dataclass(frozen=True)
class Ages:
    """How late things are. `overdue` counts rewards that should have been paid by now, `due_soon`
    those that should be within the policy's hours; the oldest unpaid is counted from its verdict.
    """

    oldest_unknown: timedelta
    oldest_accepted: timedelta
    overdue: int
    paused: int
    oldest_unpaid: timedelta = timedelta()
    due_soon: int = 0


@dataclass(frozen=True)
class Stranded:
    """What waits for a person: a vendor or a product to be configured, mismatches to be settled."""

    without_vendor: int
    without_product: int
    mismatches: int


async def list_states(conn: Connection) -> dict[str, tuple[int, int]]:
    """Number and sum in fen of the rewards in each state."""
    rows = await conn.fetch(_READ)
    if not {row["state"] for row in rows} >= set(_STATES):
        return await count_all(conn)
    return {row["state"]: (row["number"], row["fen"]) for row in rows if row["number"]}


async def count_all(conn: Connection) -> dict[str, tuple[int, int]]:
    """The same, from the rewards alone."""
    return {row["state"]: (row["number"], row["fen"]) for row in await conn.fetch(_ALL)}


async def add_up(conn: Connection, most: int) -> int:
    """Sum what has changed since; how many changes. One instance at a time, as totals are shared.

    Where there are no totals yet, all rewards are counted.
    """
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('state totals'))"):
        return 0
    if not {row["state"] for row in await conn.fetch(_READ)} >= set(_STATES):
        await conn.execute(f"SET LOCAL statement_timeout = '{_PATIENCE:.0f}s'")
        await conn.execute(_BEGIN, _STATES, timeout=_PATIENCE)
        return 1
    asked = "SELECT count(*) FROM (SELECT FROM state_changes LIMIT $1) AS found"
    waiting: int = await conn.fetchval(asked, most)
    if waiting:
        await conn.execute(_ADD_UP, most)
    return waiting


async def get_ages(conn: Connection, soon: timedelta) -> Ages:
    """What the alerts look at."""
    row = await conn.fetchrow(_AGES, soon)
    return Ages(**dict(row)) if row else Ages(timedelta(), timedelta(), 0, 0)


async def get_stranded(
    conn: Connection, vendors: Collection[str], amounts: Collection[int]
) -> Stranded:
    """Open orders at vendors other than these, and rewards of other amounts that are ready."""
    row = await conn.fetchrow(
        """SELECT (SELECT count(*) FROM orders WHERE vendor <> ALL($1)
                   AND (outcome IS NULL OR ask_at IS NOT NULL)) AS without_vendor,
                  (SELECT count(*) FROM rewards WHERE state = 'ready'
                   AND amount_fen <> ALL($2)) AS without_product,
                  (SELECT count(*) FROM mismatches m WHERE NOT EXISTS
                       (SELECT FROM mismatch_resolutions r WHERE r.mismatch_id = m.mismatch_id))
                      AS mismatches""",
        list(vendors),
        list(amounts),
    )
    return Stranded(**dict(row)) if row else Stranded(0, 0, 0)
