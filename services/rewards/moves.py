"""The one way in which a stored reward moves: row, history and order together, then the news.

Everything happens in the caller's transaction. A move over a version that is no longer the newest
changes nothing, so of two that race one loses, and knows it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, get_args

from services.rewards import books, metrics
from services.rewards.rules.entitlement import PHONE_CHANGED
from services.rewards.rules.orders import Order
from services.rewards.rules.payouts import Reward, aside
from services.rewards.rules.settling import LOOK_AGAIN
from services.rewards.rules.states import SETTLED, Aside, Step
from services.rewards.store import earlier, history, orders, rewards
from shared import faults
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import Decision, RewardDecided, RewardPaid, RewardReversed
from shared.observe import log

T = TypeVar("T")
SYSTEM = "system"
STUCK_FOR = timedelta(minutes=10)
# How a step ends an order.
CLOSES: Mapping[Step | Aside, str] = {
    "paid": "paid",
    "found": "paid",
    "rejected": "rejected",
    "written_off": "rejected",
    "reversed": "reversed",
}
DECIDES: Mapping[Step | Aside, Decision] = {
    "scheduled": "scheduled",
    "approved": "scheduled",
    "reinstated": "scheduled",
    "held": "held",
    "refused": "refused",
    "given_up": "manual",
    "withdrawn": "withdrawn",
    "rebound": "clearing",
}


async def save(
    conn: Connection,
    before: Reward,
    moved: Reward,
    step: Step | Aside,
    now: datetime,
    *,
    actor: str = SYSTEM,
    code: str | None = None,
    ref: str | None = None,
    note: str | None = None,
    order_id: str | None = None,
    order: Order | None = None,
) -> bool:
    """Store a move, book it, and publish what follows; False, and no trace, if another came first.

    `order_id` is the order that it is about, if not the present one; `order` the one that it makes.
    """
    if not await rewards.mark(conn, moved):
        log.get().info("move came too late", reward_id=str(moved.id), state=moved.state)
        return False
    await history.add(conn, moved, before.state, step, actor, code, note, now)
    if order:
        await orders.add(conn, moved, order.vendor, order.product)
    if before.attempt == moved.attempt and moved.attempt and (code or ref or step in CLOSES):
        await orders.mark(conn, order_id or moved.order_id, code, ref, CLOSES.get(step), now)
    if step == "written_off":
        await earlier.mark_ask(conn, moved.order_id, now + LOOK_AGAIN)
    await books.post(conn, moved, step, now, actor)
    await _publish(conn, moved, step, now)
    if step in ("paid", "found"):
        _count_paid(moved, now)
    log.get().info(
        "reward moved", reward_id=str(moved.id), case_id=str(moved.case_id), state=moved.state,
        version=moved.version, attempt=moved.attempt, code=code, reason=moved.reason,
    )  # fmt: skip
    return True


def _count_paid(moved: Reward, now: datetime) -> None:
    """In time or late, by when it arrived."""
    paid_at = moved.paid_at or now
    outcome = "late" if paid_at > moved.due_at else "in_time"
    metrics.WAIT_SECONDS.labels(outcome).observe((paid_at - moved.verified_at).total_seconds())


async def alone(conn: Connection, reward: Reward, step: Callable[[], Awaitable[T]]) -> T | None:
    """A claimed reward's step by itself: one that cannot be made holds up no other.

    It is put off for a while, loudly; trouble of the server is everybody's and comes through.
    """
    try:
        async with conn.transaction():
            return await step()
    except Exception as error:
        if faults.is_passing(error):
            raise
        metrics.STUCK.inc()
        log.get().error(
            "reward stuck", reward_id=str(reward.id), state=reward.state, error=repr(error),
            exc_info=error,
        )  # fmt: skip
    later = await rewards.get_now(conn) + STUCK_FOR
    await rewards.mark_asked(conn, reward.id, reward.act_at, later)
    return None


async def note(
    conn: Connection,
    reward: Reward,
    word: Aside,
    now: datetime,
    order_id: str | None = None,
    *,
    code: str | None = None,
) -> Reward:
    """Store what happened beside the table; the caller has locked the reward."""
    late = order_id if word == "overtaken" else None
    noted = aside(reward, word, now, late_order=late)
    await save(conn, reward, noted, word, now, code=code, note=order_id, order_id=order_id)
    return noted


async def _publish(conn: Connection, reward: Reward, step: Step | Aside, now: datetime) -> None:
    if reward.reason == PHONE_CHANGED:
        return
    told_otherwise = step in get_args(Aside) and reward.state in SETTLED
    if step in DECIDES and not told_otherwise:
        told = {"decision": DECIDES[step], "decided_at": now}
        await publish(conn, RewardDecided.of(reward, reward_id=reward.id, **told))
    elif step in ("paid", "found"):
        await publish(conn, RewardPaid.of(reward, reward_id=reward.id))
    elif step == "reversed":
        await publish(conn, RewardReversed.of(reward, reward_id=reward.id))
