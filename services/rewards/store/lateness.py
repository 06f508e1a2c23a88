"""Rewards by their two days: what is still unpaid, the first due first, and what was paid late."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from services.rewards.rules.causes import OPEN, Circumstances
from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import State
from services.rewards.store.rewards import ALL, as_reward
from shared.db import Connection

_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_AFTER = "($1::bigint IS NULL OR ({key}, seq) > (SELECT {key}, seq FROM rewards WHERE seq = $1))"
_UNPAID = f"""
    SELECT seq, {ALL}, NULL AS then_state FROM rewards
    WHERE state IN ({_OPEN}) AND {_AFTER.format(key="due_at")} ORDER BY due_at, seq LIMIT $2
"""  # noqa: S608
# In which state each was at its due time.
_PAID_LATE = f"""
    SELECT seq, {ALL}, (
        SELECT to_state FROM payout_transitions t
        WHERE t.reward_id = rewards.id AND made_at <= due_at ORDER BY version DESC LIMIT 1
    ) AS then_state
    FROM rewards WHERE paid_at > due_at AND state IN ('paid', 'reversed')
      AND ($1::bigint IS NULL
           OR (due_at, seq) < (SELECT due_at, seq FROM rewards WHERE seq = $1))
    ORDER BY due_at DESC, seq DESC LIMIT $2
"""  # noqa: S608
_SINCE = """
    SELECT reward_id, max(made_at) AS since FROM payout_transitions
    WHERE reward_id = ANY($1) AND from_state <> to_state GROUP BY reward_id
"""
_PAUSED = "SELECT vendor FROM vendor_pauses WHERE until_at > mashang_now()"
_VENDORS = """
    SELECT DISTINCT ON (reward_id) reward_id, vendor, outcome IS NULL OR ask_at IS NOT NULL AS open
    FROM orders WHERE reward_id = ANY($1) ORDER BY reward_id, attempt DESC
"""
# A plan for any number of them would read them all.
_NO_PHONE = """
    SELECT count(*) FROM (
        SELECT FROM units u CROSS JOIN LATERAL (
            SELECT FROM verdicts v
            WHERE v.waiting IS NOT NULL AND v.waiting->>'unit_code' = u.unit_code LIMIT {most}
        ) AS of_unit LIMIT {most}) AS waiting
"""


class Row(NamedTuple):
    """A reward with its place in the list; `then_state` is that of its due time, if it is over."""

    seq: int
    reward: Reward
    then_state: State | None


async def list_unpaid(conn: Connection, cursor: int | None, limit: int) -> list[Row]:
    """Whatever is neither paid nor refused, the first due first."""
    rows = await conn.fetch(_UNPAID, cursor, limit)
    return [Row(row["seq"], as_reward(row), row["then_state"]) for row in rows]


async def list_paid_late(conn: Connection, cursor: int | None, limit: int) -> list[Row]:
    """Paid after their two days, the newest first."""
    rows = await conn.fetch(_PAID_LATE, cursor, limit)
    return [Row(row["seq"], as_reward(row), row["then_state"]) for row in rows]


async def list_since(conn: Connection, rewards: Sequence[Reward]) -> dict[str, datetime]:
    """Since when each of them is in its state, by id."""
    rows = await conn.fetch(_SINCE, [reward.id for reward in rewards])
    return {str(row["reward_id"]): row["since"] for row in rows}


async def list_circumstances(
    conn: Connection, rewards: Sequence[Reward], configured: Collection[str]
) -> dict[str, Circumstances]:
    """What surrounds each of them, by id."""
    paused = {row["vendor"] for row in await conn.fetch(_PAUSED)}
    rows = await conn.fetch(_VENDORS, [reward.id for reward in rewards])
    last = {row["reward_id"]: row for row in rows}
    return {str(reward.id): _around(reward, last.get(reward.id), paused, configured)
            for reward in rewards}  # fmt: skip


def _around(
    reward: Reward,
    order: Record | None,
    paused: set[str],
    configured: Collection[str],
) -> Circumstances:
    away = order is not None and order["open"] and order["vendor"] not in configured
    # What has no order yet goes to whichever takes some.
    stopped = bool(paused) and paused >= set(configured)
    return Circumstances(bool(away), stopped, reward.retriable, reward.asked)


async def count_waiting_for_phone(conn: Connection, most: int) -> int:
    """Verdicts of units in sight that earn a reward and have no phone; `most` stands for more."""
    return int(await conn.fetchval(_NO_PHONE.format(most=most)))
