"""Rewards for which an order may leave: claimed to find what they get, and again to be leased."""

from collections.abc import Collection
from datetime import timedelta

from services.rewards.rules.payouts import Reward
from services.rewards.store.rewards import ALL, as_reward
from shared.db import Connection


async def claim(
    conn: Connection, amounts: Collection[int], lease: timedelta, limit: int
) -> list[Reward]:
    """Rewards of these amounts for which an order may leave, the most urgent first.

    Nobody else takes them until `lease` is over.
    """
    rows = await conn.fetch(
        f"""WITH due AS (
                SELECT id AS due_id FROM rewards WHERE state = 'ready' AND act_at <= mashang_now()
                  AND late_order IS NULL AND withdrawn_at IS NULL AND amount_fen = ANY($1)
                ORDER BY due_at, act_at LIMIT $3 FOR UPDATE SKIP LOCKED),
            claimed AS (
                UPDATE rewards SET asked = asked + 1, act_at = mashang_now() + $2::interval
                FROM due WHERE id = due_id RETURNING {ALL})
            SELECT * FROM claimed ORDER BY due_at""",  # noqa: S608
        list(amounts),
        lease,
        limit,
    )
    return [as_reward(row) for row in rows]


async def claim_again(conn: Connection, claimed: Reward) -> Reward | None:
    """The same reward, locked, unless it has moved since or somebody moves it now."""
    row = await conn.fetchrow(
        f"""SELECT {ALL} FROM rewards WHERE id = $1 AND version = $2
            FOR UPDATE SKIP LOCKED""",  # noqa: S608
        claimed.id,
        claimed.version,
    )
    return as_reward(row) if row else None
