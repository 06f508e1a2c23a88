"""What people decide about a reward: approve, refuse, hold, write off. Never one person alone."""

from collections.abc import Mapping

from services.rewards import moves
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.settling import Missing, missing
from services.rewards.rules.settling import write_off as written_off
from services.rewards.rules.states import MOVES, Step
from services.rewards.store import directory, orders, rewards
from services.rewards.views import Approval
from shared import access
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Forbidden, Key
from shared.observe import log

LACKING: Mapping[Missing, str] = {
    "window": "refused.not_written_off",
    "asking": "refused.write_off_asking",
    "answer": "refused.write_off_answer",
    "statement": "refused.write_off_statement",
    "listed": "refused.write_off_listed",
}


async def decide(conn: Connection, reward: Reward, who: Operator, approval: Approval) -> Reward:
    """A second person's word: ready or refused. Forbidden to who held or verified it."""
    await _must_be_a_stranger(conn, reward, who)
    step: Step = "approved" if approval.decision == "approve" else "refused"
    if reward.state not in ("held", "manual"):
        raise Conflict("refused.reward_not_decidable", state=Key(f"reward_{reward.state}"))
    if step == "approved" and not reward.is_due:
        raise Conflict("refused.reward_not_due")
    now = await rewards.get_now(conn)
    if step == "approved":
        moved = move(reward, step, now, act_at=now)
    else:
        moved = move(reward, step, now, reason="by_hand")
    await moves.save(conn, reward, moved, step, now, actor=who.username, note=approval.note)
    return moved


async def hold(conn: Connection, reward: Reward, who: Operator, note: str) -> Reward:
    """Stop a reward that has not left."""
    _must_not_be_meant(reward, who)
    if (reward.state, "held") not in MOVES:
        raise Conflict("refused.reward_not_holdable", state=Key(f"reward_{reward.state}"))
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
    if lacking := await lacks(conn, reward, pace):
        raise Conflict(LACKING[lacking], days=pace.vendor_window.days)
    if not await orders.add_write_off(conn, reward.order_id, who.username, note, now):
        raise Conflict("refused.signed_already")
    signed = await orders.list_write_offs(conn, reward.order_id)
    log.get().info("write-off signed", reward_id=str(reward.id), order_id=reward.order_id,
                   count=len(signed))  # fmt: skip
    if len(signed) < 2:
        return reward
    moved = written_off(reward, now)
    actor = " + ".join(signed)
    await moves.save(conn, reward, moved, "written_off", now, actor=actor, note=note)
    return moved


async def lacks(conn: Connection, reward: Reward, pace: Pace) -> Missing | None:
    """What two people still lack to write the present order off; None when they may."""
    evidence = await orders.get_evidence(conn, reward, pace.vendor_window)
    return missing(reward, evidence, await rewards.get_now(conn), pace)


async def _must_be_a_stranger(conn: Connection, reward: Reward, who: Operator) -> None:
    if reward.held_by == who.username:
        raise Forbidden("refused.second_person")
    if who.username in reward.verifiers:
        raise Forbidden("refused.reward_own_verdict")
    _must_not_be_meant(reward, who)
    if who.badge and await directory.get_officer_phone(conn, who.badge) == reward.phone_index:
        raise Forbidden("refused.own_phone")


def _must_not_be_meant(reward: Reward, who: Operator) -> None:
    if not set(access.identities(who)).isdisjoint(reward.kept_from):
        raise Forbidden("refused.other_person")
