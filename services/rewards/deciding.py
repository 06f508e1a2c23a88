"""Whether a reward leaves by itself, or a second person looks first."""

from datetime import datetime

from services.rewards import moves
from services.rewards.rules import entitlement, neighbours
from services.rewards.rules.payouts import Reward, move
from services.rewards.store import phones, usage
from services.rewards.store.phones import Check
from shared import policy
from shared.db import Connection
from shared.events import CaseVerified, ContactBound
from shared.observe import trace
from shared.values.seal import Seal, SealBroken


async def decide(
    conn: Connection,
    reward: Reward,
    rule: policy.Reward,
    now: datetime,
    reason: entitlement.HoldReason | None = None,
    held_by: str | None = None,
) -> None:
    """By the caps and budgets of its phone, unless there is a reason already."""
    reason = reason or entitlement.hold_reason(await usage.get(conn, reward, rule.odd), rule)
    reason = reason if reward.is_due else "late_order"
    if reason:
        held = move(reward, "held", now, reason=reason, held_by=held_by)
        await moves.save(conn, reward, held, "held", now)
        await phones.add(conn, check(held))
    else:
        ready = move(reward, "scheduled", now, act_at=now)
        await moves.save(conn, reward, ready, "scheduled", now)


def check(told: ContactBound | Reward) -> Check:
    """The phone, to be looked up."""
    return Check(
        told.submission_id, told.phone_sealed, told.phone_index, traceparent=trace.current()
    )


def near(event: CaseVerified | ContactBound, seal: Seal) -> tuple[str, ...]:
    """The blocks of numbers around the phone, hashed."""
    try:
        number = seal.open(event.phone_sealed or "", f"phone:{event.submission_id}")
    except SealBroken:
        return ()  # the sending will say so
    return neighbours.blocks(number, lambda block: seal.mark(block, "phone"))
