"""What a vendor's answer does to a reward, and when to send, ask or try again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from services.rewards.rules.orders import Evidence
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.states import MOVES, State, Step
from shared.values.backoff import backoff
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome, kind

AFTER_SENDING: Mapping[type[Outcome], Step] = {
    outcomes.Done: "paid",
    outcomes.Accepted: "accepted",
    outcomes.Reversed: "reversed",
    outcomes.Rejected: "rejected",
    outcomes.TryLater: "rejected",
    outcomes.Held: "rejected",
    outcomes.Unknown: "lost",
    outcomes.NotFound: "lost",
}
# A query that failed says nothing about the order, so every other outcome changes nothing.
AFTER_ASKING: Mapping[type[Outcome], Step] = {
    outcomes.Done: "paid",
    outcomes.Accepted: "accepted",
    outcomes.Reversed: "reversed",
    outcomes.Rejected: "rejected",
}
LOOK_AGAIN = timedelta(days=1)
LOOK_UNTIL = timedelta(days=8)
# Only these tell something of the order; the others are no answer.
NO_ANSWER = (outcomes.Unknown, outcomes.TryLater, outcomes.Held)
# Its fate is not known, or the vendor that had it denies it now.
WRITABLE_OFF: frozenset[State] = frozenset({"unknown", "accepted"})
Missing = Literal["window", "asking", "answer", "statement", "listed"]


def step_after(reward: Reward, outcome: Outcome) -> Step | None:
    """What an answer does to an order that was sent; None when it changes nothing.

    That a repeated order was refused says nothing about the copy before it: it stays unknown.
    """
    if reward.state == "submitting":
        step = AFTER_SENDING[type(outcome)]
        return "lost" if step == "rejected" and reward.unknown_at else step
    asked = AFTER_ASKING.get(type(outcome))
    return asked if asked and (reward.state, asked) in MOVES else None


def contradicts(state: State, outcome: Outcome) -> bool:
    """A paid order that the vendor now calls failed or absent: a person must look."""
    return state == "paid" and isinstance(outcome, outcomes.Rejected | outcomes.NotFound)


def settle(reward: Reward, step: Step, outcome: Outcome, now: datetime, pace: Pace) -> Reward:
    """The row after an answer."""
    settled = move(reward, step, now, act_at=_act_at(reward, step, outcome, now, pace))
    if step != "rejected":
        return settled
    counted = isinstance(outcome, outcomes.Rejected)
    return replace(
        settled,
        failures=reward.failures + int(counted),
        retriable=outcome.retriable if isinstance(outcome, outcomes.Rejected) else True,
    )


def _act_at(
    reward: Reward, step: Step, outcome: Outcome, now: datetime, pace: Pace
) -> datetime | None:
    if step == "reversed":
        return None
    if step == "paid":
        return now + LOOK_AGAIN
    if step == "rejected" and reward.withdrawn_at:
        return now
    if step == "rejected":
        # A vendor that takes nothing now is paused for all orders: another may have this one soon.
        least = outcome.after if isinstance(outcome, outcomes.TryLater) else timedelta()
        return now + max(least, backoff(reward.attempt))
    return now + backoff(0)


def next_ask(reward: Reward, now: datetime, answered: bool = True) -> datetime | None:
    """When to ask again: ever more slowly; about a paid order once more, a day after.

    That look is repeated until the vendor answers, for a week at most.
    """
    if reward.state != "paid" or reward.paid_at is None:
        return now + backoff(reward.asked)
    if now < reward.paid_at + LOOK_AGAIN:
        return reward.paid_at + LOOK_AGAIN
    if answered or now >= reward.paid_at + LOOK_UNTIL:
        return None
    return now + backoff(reward.asked)


def after_refusal(reward: Reward, max_failures: int) -> Step:
    """A new order while there is hope, else a person; none for a verdict that was withdrawn."""
    if reward.withdrawn_at:
        return "refused"
    return "retried" if reward.retriable and reward.failures < max_failures else "given_up"


def may_resend(reward: Reward, outcome: Outcome, now: datetime, pace: Pace) -> bool:
    """Whether the same order may be sent once more: the vendor does not have it.

    Only for vendors who take an order id once, and only while their memory of ids is fresh.
    """
    if not isinstance(outcome, outcomes.NotFound) or not reward.is_due:
        return False
    if reward.state != "unknown":
        return False
    if reward.sent_at is None or reward.unknown_at is None:
        return False
    settled = now >= reward.sent_at + pace.resend_after
    return settled and now <= reward.unknown_at + pace.resend_within


def missing(reward: Reward, evidence: Evidence, now: datetime, pace: Pace) -> Missing | None:
    """What two people lack to declare an order not executed; None when they may.

    The vendor must have denied it after the last moment at which it could have carried it out: an
    earlier denial says nothing about a copy that was still under way.
    """
    if reward.state not in WRITABLE_OFF or reward.sent_at is None:
        return "window"
    over = reward.sent_at + pace.vendor_window
    if now < over:
        return "window"
    if evidence.asking:
        return "asking"
    if (
        evidence.answer != kind(outcomes.NotFound())
        or evidence.heard_at is None
        or evidence.heard_at < over
    ):
        return "answer"
    if evidence.listed:
        return "listed"
    return None if evidence.covered else "statement"


def write_off(reward: Reward, now: datetime) -> Reward:
    """The row after the second signature: a new order may be made at once."""
    return replace(move(reward, "written_off", now, act_at=now), retriable=True)
