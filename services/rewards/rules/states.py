"""The states of a reward and the one table of moves between them.

    eligible ──▶ ready ──▶ submitting ──▶ accepted ──▶ paid ──▶ reversed
        │          ▲ ▲          │  ▲          ▲ │        ▲
        ▼          │ │          ▼  │ resent   │ │        │
      held ────────┘ │        unknown ────────┼─┼────────┘
        │            │          │ written off │ ▼
        ▼            └──────────┴──────▶ rejected ──▶ manual
     refused ◀── held, ready, rejected, manual

Held goes on by a person's word, or by itself where the incident's caps alone held it and there is
room again. Only `leased` makes a new order id, and only out of `ready`. Out of `unknown`, `ready`
is reached only over `rejected`: the vendor said that the order failed, or two people wrote it off.
An accepted order, too, can be written off: the vendor had it, and denies it to the end.

Beside the table stand the asides: what a verdict or an earlier order says about a reward whose own
state goes on. They move nothing but `found`: an earlier order was paid after all. `rebound` says
that another phone waits for the end of the order that is under way.
"""

from collections.abc import Mapping
from typing import Literal

State = Literal[
    "eligible", "held", "refused", "ready", "submitting", "accepted", "unknown", "rejected",
    "manual", "paid", "reversed",
]  # fmt: skip
Step = Literal[
    "entitled", "scheduled", "held", "approved", "refused", "leased", "accepted", "paid",
    "rejected", "lost", "resent", "written_off", "retried", "given_up", "reversed",
]  # fmt: skip
# What happens beside the table.
Aside = Literal["withdrawn", "reinstated", "overtaken", "cleared", "found", "rebound"]

MOVES: Mapping[tuple[State, Step], State] = {
    ("eligible", "scheduled"): "ready",
    ("eligible", "held"): "held",
    ("held", "approved"): "ready",
    ("held", "scheduled"): "ready",
    ("held", "refused"): "refused",
    ("refused", "entitled"): "eligible",
    ("ready", "held"): "held",
    ("ready", "refused"): "refused",
    ("ready", "leased"): "submitting",
    ("submitting", "accepted"): "accepted",
    ("submitting", "paid"): "paid",
    ("submitting", "rejected"): "rejected",
    ("submitting", "lost"): "unknown",
    ("submitting", "reversed"): "reversed",
    ("accepted", "paid"): "paid",
    ("accepted", "rejected"): "rejected",
    ("accepted", "reversed"): "reversed",
    ("accepted", "written_off"): "rejected",
    ("unknown", "accepted"): "accepted",
    ("unknown", "paid"): "paid",
    ("unknown", "rejected"): "rejected",
    ("unknown", "reversed"): "reversed",
    ("unknown", "resent"): "submitting",
    ("unknown", "written_off"): "rejected",
    ("rejected", "retried"): "ready",
    ("rejected", "given_up"): "manual",
    ("rejected", "refused"): "refused",
    ("manual", "approved"): "ready",
    ("manual", "refused"): "refused",
    ("paid", "reversed"): "reversed",
}

# Nothing is on its way to the vendor: the bureau's own word still decides.
WITHDRAWABLE: frozenset[State] = frozenset({"held", "ready", "rejected", "manual"})
# An order may have been carried out: a withdrawn verdict is noted, and stops every further byte.
SENT: frozenset[State] = frozenset({"submitting", "accepted", "unknown", "paid", "reversed"})
SETTLED: frozenset[State] = frozenset({"paid", "reversed"})
# Steps by which an instance takes a payout, or takes it from one that did not come back.
CLAIMS: frozenset[Step] = frozenset({"leased", "resent", "lost"})
# Steps after which an order leaves.
BEGINS: frozenset[Step] = frozenset({"scheduled", "approved", "retried", "leased", "resent"})


class IllegalMove(ValueError):
    """The table has no such move."""


def after(state: State, step: Step) -> State:
    """Where a step leads. IllegalMove if the table does not have it."""
    try:
        return MOVES[state, step]
    except KeyError:
        raise IllegalMove(f"no step {step!r} out of {state!r}") from None
