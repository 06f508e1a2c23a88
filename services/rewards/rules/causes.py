"""Why a reward is not with its citizen yet, or came late (rule 8, 「在2日內」)."""

from dataclasses import dataclass
from typing import Literal

from services.rewards.rules.states import State

# held           a second person's word is awaited
# unknown        nobody knows whether the vendor carried the order out
# number         the vendor cannot top this number up
# refused        the vendor refused several orders
# vendor_away    the vendor of its open order is not configured
# vendor_paused  the vendor takes no orders until an operator acts
# network        no vendor tells whose the number is, so which product it gets
# accepted       the vendor has it, and has not carried it out
# under_way      it is its turn, or will soon be
Cause = Literal[
    "held", "unknown", "number", "refused", "vendor_away", "vendor_paused", "network", "accepted",
    "under_way",
]  # fmt: skip
# A look-up that is answered late is nothing to tell of.
MANY_LOOKS = 5
OPEN: tuple[State, ...] = (
    "eligible", "held", "ready", "submitting", "accepted", "unknown", "rejected", "manual",
)  # fmt: skip


@dataclass(frozen=True)
class Circumstances:
    """What surrounds a reward: of the vendors, of the last order, and of questions unanswered."""

    vendor_away: bool = False
    vendor_paused: bool = False
    retriable: bool = True
    asked: int = 0


def cause(state: State, around: Circumstances) -> Cause:
    """What keeps it; of several what a person can do most about."""
    if state == "held":
        return "held"
    if state == "manual":
        return "refused" if around.retriable else "number"
    if around.vendor_away:
        return "vendor_away"
    if state in ("unknown", "accepted"):
        return state
    if around.vendor_paused:
        return "vendor_paused"
    return "network" if state == "ready" and around.asked >= MANY_LOOKS else "under_way"
