"""An order as it was made, and what is known of it beside its reward's state."""

from dataclasses import dataclass
from datetime import datetime

from services.rewards.rules.payouts import Reward


@dataclass(frozen=True)
class Order:
    """What left the house: it belongs to this vendor, product and amount, whatever comes later.

    `ref` is the vendor's own id of it, once told; `paid` says whether the vendor called it paid.
    """

    order_id: str
    vendor: str
    product: str
    amount_fen: int
    attempt: int = 1
    ref: str | None = None
    paid: bool = False


@dataclass(frozen=True)
class Sent:
    """A reward and the order to call about; `asked` counts the questions about an earlier order."""

    reward: Reward
    order: Order
    asked: int = 0

    @property
    def traceparent(self) -> str | None:
        """The trace of the verdict."""
        return self.reward.traceparent


@dataclass(frozen=True)
class Evidence:
    """What a write-off is judged by.

    answer    the kind of the vendor's last answer about the order, heard at `heard_at`
    asking    a question about it is under way
    covered   closed statements cover every moment at which the order could have been carried out
    listed    one of the vendor's statements names the order
    """

    answer: str | None
    heard_at: datetime | None
    asking: bool
    covered: bool
    listed: bool
