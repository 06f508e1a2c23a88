"""What is sent, and what follows from a vendor's answer. Pure.

queued ──▶ sending ──▶ accepted ──▶ delivered | failed
  ▲  ▲        │  │         └──▶ lost (no word in 72 h)
  │  └ later ─┘  ├──▶ held (a person mends something, then releases it) ──▶ queued
  │              ▼
  └─ not taken ─ unknown ──▶ accepted | delivered | failed | lost
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.events import CaseVerified
from shared.values.backoff import backoff
from shared.values.phone import Use
from shared.vendors import outcomes
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)

Purpose = Literal[
    "thanks", "paid", "unreached", "word", "question", "howto", "notice", "money", "urgent",
    "code", "invitation", "receipt",
]  # fmt: skip
State = Literal["queued", "sending", "accepted", "unknown", "held", "delivered", "failed", "lost"]
Outcome = Literal["delivered", "failed", "unknown"]

# What a final state is called in message.settled; every other state is still open.
FINAL: dict[State, Outcome] = {"delivered": "delivered", "failed": "failed", "lost": "unknown"}
# Of the others of a case nobody else hears; but for questions that arrived, which are counted.
TOLD: frozenset[Purpose] = frozenset({"thanks", "paid", "unreached", "word"})
FIRST_QUERY = timedelta(seconds=2)
AT_ONCE = timedelta()


@dataclass(frozen=True)
class Limits:
    """`settle_after`: how long the vendor may need to list a message that it took."""

    settle_after: timedelta = timedelta(minutes=1)
    repeats: int = 3
    give_up: timedelta = timedelta(hours=72)


@dataclass(frozen=True)
class Standing:
    """What the rules need to know of a message. `age` since it was wanted, `since_call` the vendor.

    `repeats` counts new calls after an unknown one, `queries` the questions since the last call.
    """

    state: State
    attempt: int
    repeats: int
    queries: int
    age: timedelta
    since_call: timedelta


@dataclass(frozen=True)
class Next:
    """The state to go to; `wait` until a job looks again, None where none has to."""

    state: State
    wait: timedelta | None = None
    code: str | None = None
    ref: str | None = None
    repeat: bool = False


def wants_thanks(event: CaseVerified, use: Use | None) -> bool:
    """Every complainant whose phone gets SMS, whatever the verdict 「以短信的方式感謝群眾」."""
    return event.kind == "complaint" and use is not None and use.sms


def is_dead(age: timedelta, life: timedelta | None) -> bool:
    """Whether what the SMS says is good for nothing any more; only a code or a link dies."""
    return life is not None and age >= life


def after_send(outcome: outcomes.Outcome, message: Standing, limits: Limits) -> Next:
    """What a call to the vendor makes of a message that was being sent."""
    match outcome:
        case Accepted(ref):
            return Next("accepted", FIRST_QUERY, ref=ref)
        case Done():
            return Next("delivered")
        case Rejected(code):
            return Next("failed", code=code)
        case TryLater(code) if message.age >= limits.give_up:
            return Next("failed", code=code)
        case TryLater(code, after):
            return Next("queued", max(after, backoff(message.attempt)), code)
        case Held(code):
            return Next("held", code=code)
        case Unknown(code) | NotFound(code) | Reversed(_, code):
            return Next("unknown", FIRST_QUERY, code)


def sent_nothing(outcome: outcomes.Outcome) -> bool:
    """Whether a call certainly made no SMS, so that it cost nothing."""
    return isinstance(outcome, Rejected | TryLater | Held)


def after_query(found: outcomes.Outcome, message: Standing, limits: Limits) -> Next:
    """What the vendor's list makes of a message that is accepted or unknown."""
    match found:
        case Done():
            return Next("delivered")
        case Rejected(code):
            return Next("failed", code=code)
    if message.age >= limits.give_up:
        return Next("lost", code="no_word")
    match found:
        case Accepted(ref):
            return Next("accepted", backoff(message.queries), ref=ref)
        case NotFound() if _may_repeat(message, limits):
            return Next("queued", AT_ONCE, "not_taken", repeat=True)
        case TryLater(code, after):
            return Next(message.state, max(after, backoff(message.queries)), code)
        case Held(code) | Unknown(code) | NotFound(code) | Reversed(_, code):
            return Next(message.state, backoff(message.queries), code)


# Only what is of a case and says always the same; a code or a link is asked for anew.
RESENDABLE: frozenset[Purpose] = frozenset({"thanks", "paid", "unreached", "word", "question"})
Resending = Literal["plainly", "confirmed"]


def resending(
    state: State, purpose: Purpose, *, phone: bool, answered: bool = False
) -> Resending | None:
    """Whether a person may send it again; what may have arrived only if they say that they know.

    What was asked and is answered by now is not asked again.
    """
    if not phone or answered or purpose not in RESENDABLE:
        return None
    if state == "failed":
        return "plainly"
    return "confirmed" if state in ("delivered", "lost", "unknown") else None


def _may_repeat(message: Standing, limits: Limits) -> bool:
    # The vendor is not idempotent, so a repeat needs its word, given late enough to be believed.
    late_enough = message.since_call >= limits.settle_after
    return message.state == "unknown" and late_enough and message.repeats < limits.repeats
