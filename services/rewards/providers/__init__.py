"""What every airtime vendor must offer, whatever its dialect.

A new vendor is one file with a table of its codes, and one line in `registry.py`. A code that is
not in the table is `Unknown`: money may have moved.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from services.rewards.rules.outcomes import Outcome


class NotACallback(ValueError):
    """The body is not a report of this vendor; the text says why, with nothing of its content."""


@dataclass(frozen=True)
class Order:
    """What leaves the house: our id, the phone in E.164, the amount in fen."""

    order_id: str
    amount_fen: int
    phone: str = field(repr=False)


class Airtime(AbstractAsyncContextManager["Airtime"], Protocol):
    """One vendor. Answers are values; only defects raise.

    `refuses_repeats`: the vendor takes an order id once, so sending the same order again cannot pay
    twice.
    """

    name: str
    refuses_repeats: bool

    async def send(self, order: Order) -> Outcome:
        """Place the order, once, without any retry underneath."""
        ...

    async def ask(self, order_id: str) -> Outcome:
        """What became of an order, by our id. NotFound is not a failure."""
        ...

    def read_callback(self, body: bytes) -> str:
        """The order id that a report is about. NotACallback if it cannot be read."""
        ...
