"""Where our books and a vendor's say different things about money: what a person must settle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from shared.vendors.outcomes import Done, NotFound, Outcome, Rejected

# two_orders   an order closed as failed was carried out, while another of its reward had left
# no_order     the vendor's statement has an order that we never made there
# amount       the vendor's statement has another amount or product than the order
# twice        the vendor's statement has one order twice, as two transactions
# disputed     the vendor's answer says otherwise than its own statement
# denied       the vendor said paid, and later that it failed or never was
# unlisted     paid as the vendor said, and on none of its closed statements
# unconfirmed  paid, and the vendor gave no answer to the look afterwards, for a week
Kind = Literal[
    "two_orders", "no_order", "amount", "twice", "disputed", "denied", "unlisted", "unconfirmed"
]


@dataclass(frozen=True)
class Mismatch:
    """One of them; `facts` are what either side says, by name."""

    kind: Kind
    vendor: str
    order_id: str
    reward_id: UUID | None = None
    other_order_id: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


def is_disputed(listed: frozenset[str], outcome: Outcome) -> bool:
    """Whether an answer contradicts what the vendor's statements list of the same order."""
    if "reversed" in listed:
        return isinstance(outcome, Done)
    return "paid" in listed and isinstance(outcome, Rejected | NotFound)
