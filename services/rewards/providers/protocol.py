"""The contract of an airtime vendor's adapter, whatever its dialect.

A code that is not in the adapter's table is `Unknown`: money may have moved.
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from shared.vendors.outcomes import Outcome
from shared.vendors.vendor import Vendor


@dataclass(frozen=True)
class Order:
    """What leaves the house: our id, the phone in E.164, the amount in fen."""

    order_id: str
    amount_fen: int
    phone: str = field(repr=False)


class Airtime(Vendor):
    """One vendor of airtime.

    `refuses_repeats`: the vendor takes an order id once, so sending the same order again cannot pay
    twice.
    """

    refuses_repeats: ClassVar[bool]

    @abstractmethod
    async def send(self, order: Order) -> Outcome:
        """Place the order, once, without any retry underneath."""

    @abstractmethod
    async def ask(self, order_id: str) -> Outcome:
        """What became of an order, by our id. NotFound is not a failure."""
