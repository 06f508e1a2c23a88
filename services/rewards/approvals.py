"""What people decide about a reward: approve, refuse, hold, write off. Never one person alone."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.rewards import moves
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.settling import may_write_off
from services.rewards.rules.settling import write_off as written_off
from services.rewards.rules.states import MOVES, Step
from services.rewards.store import directory, orders, rewards
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Forbidden
from shared.observe import log

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$"),
]


class Note(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    note: Text


class Approval(Note):
    """Pay it after all, or not."""

    decision: Literal["approve", "refuse"]


async def decide(conn: Connection, reward: Reward, who: Operator, approval: Approval) -> Reward:
    """A second person's word: ready or refused. Forbidden to the one who held it."""
    await _must_be_a_stranger(conn, reward, who)
    step: Step = "approved" if approval.decision == "approve" else "refused"
    if reward.state not in ("held", "manual"):
        raise Conflict(f"The reward is {reward.state}; only a held or manual one can be decided.")
    now = await rewards.get_now(conn)
    if step == "approved":
        moved = move(reward, step, now, act_at=now)
    else:
        moved = move(reward, step, now, reason="by_hand")
    await moves.save(conn, reward, moved, step, now, actor=who.username, note=approval.note)
    return moved


async def hold(conn: Connection, reward: Reward, who: Operator, note: str) -> Reward:
    """Stop a reward that has not left."""
    if (reward.state, "held") not in MOVES:
        raise Conflict(f"The reward is {reward.state}; only one that is ready can be held.")
    now = await rewards.get_now(conn)
    moved = move(reward, "held", now, reason="by_hand", held_by=who.username)
    await moves.save(conn, reward, moved, "held", now, actor=who.username, note=note)
    return moved


async def write_off(
    conn: Connection, reward: Reward, who: Operator, note: str, pace: Pace
) -> Reward:
    """Sign that an order was not executed; the second signature makes a new order possible."""
    await _must_be_a_stranger(conn, reward, who)
    now = await rewards.get_now(conn)
    if not may_write_off(reward, now, pace):
        raise Conflict(
            "Only an order that is unknown, and was sent longer ago than the vendor's window of"
            f" {pace.vendor_window.days} days, can be written off."
        )
    if not await orders.add_write_off(conn, reward.order_id, who.username, note, now):
        raise Conflict("You have signed already; a second person must sign.")
    signed = await orders.list_write_offs(conn, reward.order_id)
    log.get().info("write-off signed", reward_id=str(reward.id), order_id=reward.order_id,
                   count=len(signed))  # fmt: skip
    if len(signed) < 2:
        return reward
    moved = written_off(reward, now)
    actor = " + ".join(signed)
    await moves.save(conn, reward, moved, "written_off", now, actor=actor, note=note)
    return moved


async def _must_be_a_stranger(conn: Connection, reward: Reward, who: Operator) -> None:
    if reward.held_by == who.username:
        raise Forbidden("You held this reward yourself; a second person must decide.")
    if who.badge and await directory.get_officer_phone(conn, who.badge) == reward.phone_index:
        raise Forbidden("This reward goes to your own phone; somebody else must decide.")
