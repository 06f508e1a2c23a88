"""What an answer about an earlier order does: one that was closed as failed.

Such an order is not the reward's live one. When the vendor has it after all, nothing more is sent:
the reward is paid by it, or two orders stand against each other and a person must look.
"""

from datetime import datetime
from typing import Literal

from services.rewards.rules.payouts import Reward
from services.rewards.rules.settling import NO_ANSWER
from services.rewards.rules.states import SETTLED
from shared.values.backoff import backoff
from shared.vendors.outcomes import Accepted, Done, Outcome, Rejected, Reversed

Meaning = Literal["paid", "alive", "gone", "nothing"]


def meaning(outcome: Outcome) -> Meaning:
    """What it says of the order. An order that is absent now may have been there before."""
    match outcome:
        case Done():
            return "paid"
        case Accepted():
            return "alive"
        case Rejected() | Reversed():
            return "gone"
        case _:
            return "nothing"


def next_ask(
    reward: Reward, outcome: Outcome, live: bool, asked: int, now: datetime
) -> datetime | None:
    """When to ask about an earlier order again; None when nothing more can follow from it."""
    means = meaning(outcome)
    if means == "paid":
        open_still = live and reward.state not in SETTLED
        return now + backoff(asked) if open_still else None
    if means == "alive" or isinstance(outcome, NO_ANSWER):
        return now + backoff(asked)
    return None
