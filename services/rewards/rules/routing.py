"""Which vendor a new order goes to.

The preferred one, unless it certainly failed this reward more often than another, or takes nothing
now. Never while an order may still be carried out, at whichever vendor: what is unknown is asked
about where it was sent, and nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Offer:
    """A vendor that takes an order of this amount now, and its product for it.

    `network` is the one whose numbers get it, by the vendor's own name; None if all do.
    """

    vendor: str
    amount_fen: int
    product: str
    network: str | None = None


@dataclass(frozen=True)
class Past:
    """An order that was made for the reward; `rejected` is the only outcome that is certain."""

    vendor: str
    outcome: str | None


class StillAlive(ValueError):
    """An order of before may have been, or may yet be, carried out."""


def rank(offers: Sequence[Offer], past: Iterable[Past]) -> list[Offer]:
    """By the fewest certain failures, then by preference, in which `offers` stand.

    StillAlive if another order may cost money.
    """
    failures = dict[str, int]()
    for order in past:
        if order.outcome != "rejected":
            raise StillAlive(f"an order at {order.vendor} is not known to have failed")
        failures[order.vendor] = failures.get(order.vendor, 0) + 1
    return sorted(offers, key=lambda offer: failures.get(offer.vendor, 0))
