"""The one way in which a stored reward moves: row, history and order together, then the news.

Everything happens in the caller's transaction. A move over a version that is no longer the newest
changes nothing, so of two that race one loses, and knows it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Step
from services.rewards.store import history, orders, rewards
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import RewardDecided, RewardPaid, RewardReversed
from shared.observe import log

SYSTEM = "system"
# How a step ends an order.
CLOSES: Mapping[Step, str] = {
    "paid": "paid",
    "rejected": "rejected",
    "written_off": "rejected",
    "reversed": "reversed",
}
DECIDES: Mapping[Step, Literal["scheduled", "held", "refused"]] = {
    "scheduled": "scheduled",
    "approved": "scheduled",
    "held": "held",
    "refused": "refused",
}


async def save(
    conn: Connection,
    before: Reward,
    moved: Reward,
    step: Step,
    now: datetime,
    *,
    actor: str = SYSTEM,
    code: str | None = None,
    ref: str | None = None,
    note: str | None = None,
) -> bool:
    """Store a move and publish what follows from it; False, and no trace, if another came first."""
    if not await rewards.mark(conn, moved):
        log.get().info("move came too late", reward_id=str(moved.id), state=moved.state)
        return False
    await history.add(conn, moved, before.state, step, actor, code, note, now)
    if before.attempt == moved.attempt and moved.attempt and (code or ref or step in CLOSES):
        await orders.mark(conn, moved.order_id, code, ref, CLOSES.get(step), now)
    await _publish(conn, moved, step, now)
    log.get().info(
        "reward moved", reward_id=str(moved.id), case_id=str(moved.case_id), state=moved.state,
        version=moved.version, attempt=moved.attempt, code=code, reason=moved.reason,
    )  # fmt: skip
    return True


async def _publish(conn: Connection, reward: Reward, step: Step, now: datetime) -> None:
    if step in DECIDES:
        told = {"decision": DECIDES[step], "decided_at": now}
        await publish(conn, RewardDecided.of(reward, reward_id=reward.id, **told))
    elif step == "paid":
        await publish(conn, RewardPaid.of(reward, reward_id=reward.id))
    elif step == "reversed":
        await publish(conn, RewardReversed.of(reward, reward_id=reward.id))
