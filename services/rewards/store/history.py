"""What happened to each reward: append-only."""

from datetime import datetime

from asyncpg import Record

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Aside, State, Step
from shared.db import Connection

_LIST = """
    SELECT version, attempt, from_state, step, to_state, actor, code, note, made_at
    FROM payout_transitions WHERE reward_id = $1 ORDER BY version
"""


async def add(
    conn: Connection,
    reward: Reward,
    from_state: State,
    step: Step | Aside,
    actor: str,
    code: str | None,
    note: str | None,
    now: datetime,
) -> None:
    """The step that led to the reward's present version."""
    await conn.execute(
        """INSERT INTO payout_transitions
               (reward_id, version, attempt, from_state, step, to_state, actor, code, note, made_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        reward.id,
        reward.version,
        reward.attempt,
        from_state,
        step,
        reward.state,
        actor,
        code,
        note,
        now,
    )


async def list_of(conn: Connection, reward: Reward) -> list[Record]:
    """All steps of a reward, oldest first."""
    return list(await conn.fetch(_LIST, reward.id))
