"""What of a reward is shown to whom."""

from collections.abc import Mapping
from typing import Any

from services.rewards.rules.payouts import Reward
from shared.values import phone
from shared.values.seal import Seal, SealBroken

# Every reward is counted in exactly one of these.
SCHEDULED = ("eligible", "ready", "submitting", "accepted", "rejected")
ONE_BY_ONE = ("held", "refused", "paid", "unknown", "manual", "reversed")
_SHOWN = (
    "id", "case_id", "submission_id", "incident_id", "unit_code", "state", "version", "reason",
    "held_by", "amount_fen", "attempt", "failures", "verified_at", "due_at", "act_at", "sent_at",
    "unknown_at", "refused_at", "paid_at", "reversed_at",
)  # fmt: skip


def counts(states: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Rewards by what has become of them, and what was paid in fen."""
    number = {state: count for state, (count, _) in states.items()}
    return {
        "scheduled": sum(number.get(state, 0) for state in SCHEDULED),
        **{state: number.get(state, 0) for state in ONE_BY_ONE},
        "paid_fen": states.get("paid", (0, 0))[1],
    }


def reward_json(reward: Reward, seal: Seal) -> dict[str, Any]:
    """A reward for the staff, the phone masked."""
    shown = {name: getattr(reward, name) for name in _SHOWN}
    return shown | {"phone": masked(reward, seal)}


def masked(reward: Reward, seal: Seal) -> str:
    """`138****5678`, or asterisks when the seal cannot be opened."""
    try:
        return phone.mask(seal.open(reward.phone_sealed, f"phone:{reward.submission_id}"))
    except SealBroken:
        return "****"
