"""Counts and ages over all rewards."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from shared.db import Connection


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
    rows = await conn.fetch(
        "SELECT state, count(*) AS number, sum(amount_fen) AS fen FROM rewards GROUP BY state"
    )
    return {row["state"]: (row["number"], row["fen"]) for row in rows}


async def get_ages(conn: Connection, soon: timedelta) -> Ages:
    """What the alerts look at."""
    row = await conn.fetchrow(
        """SELECT coalesce(max(mashang_now() - unknown_at), '0') AS oldest_unknown,
                  coalesce(max(mashang_now() - sent_at) FILTER (WHERE state = 'accepted'), '0')
                      AS oldest_accepted,
                  count(*) FILTER (WHERE due_at < mashang_now()) AS overdue,
                  (SELECT count(*) FROM vendor_pauses WHERE until_at > mashang_now()) AS paused,
                  coalesce(max(mashang_now() - verified_at), '0') AS oldest_unpaid,
                  count(*) FILTER (WHERE due_at >= mashang_now() AND due_at < mashang_now() + $1)
                      AS due_soon
           FROM rewards WHERE state NOT IN ('refused', 'paid', 'reversed')""",
        soon,
    )
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
