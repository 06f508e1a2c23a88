"""The vendors of a simulation: in memory, and not always of good will.

They answer at once, so that a year takes minutes; what they paid and sent is their own book.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Self

from deploy.simulate.facts import Failed, Left, Log, Lost, Paid, Texted
from shared.values import clock
from shared.vendors.outcomes import (
    Accepted,
    Done,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport, Vendor

# Of a hundred orders so many end otherwise than well: refused, refused for good, carried out
# without an answer, never heard of, put off. The rest is taken, and paid when somebody asks.
FATES: Mapping[str, int] = {"refused": 2, "broken": 1, "silent": 3, "lost": 1, "away": 3}
AWAY = timedelta(minutes=5)
# Days of each month on which it takes no order: longer than two, so that some rewards are late.
CLOSED = (15, 16, 17)


class _Here(Vendor):
    """Nothing to open, and nobody who reports."""

    def __init__(self, log: Log, seed: int) -> None:
        self.report_secret = "nobody reports here"  # noqa: S105
        self.report_secrets = (self.report_secret,)
        self.log, self.dice = log, random.Random(seed)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def read_report(self, body: bytes) -> list[str]:
        """There are none."""
        raise NotAReport("no reports here")


class Airtime(_Here):
    """Takes each order once; `listed` makes the service's own answer about a product."""

    name: ClassVar[str] = "simulated"
    refuses_repeats: ClassVar[bool] = True
    hands_out: ClassVar[bool] = False
    by_network: ClassVar[bool] = False
    # What it refuses, it refuses for no number's sake.
    wrong_numbers: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, log: Log, seed: int, products: Mapping[str, int], listed: Callable[[int, str], Any]
    ) -> None:
        super().__init__(log, seed)
        self.products, self._listed = products, listed
        self.book: dict[str, Outcome] = {}

    async def look_up(self, product: str) -> Any:
        """Sold as configured."""
        return self._listed(self.products[product], product)

    async def check(self, phone: str) -> None:
        """Nothing speaks against a number."""

    async def send(self, order: Any, phone: str) -> Outcome:
        """What the lot says becomes of it."""
        if order.order_id in self.book:
            return Rejected("repeated", retriable=False)
        match fate := "away" if _closed() else self._fate():
            case "away":
                return TryLater("away", AWAY)
            case "lost":
                self.log.add(Lost(clock.now(), order.order_id))
                return Unknown("no_answer")
        now = clock.now()
        self.log.add(Left(now, order.order_id, phone, order.amount_fen))
        if fate in ("refused", "broken"):
            answer: Outcome = Rejected(fate, retriable=fate == "refused")
            self.log.add(Failed(now, order.order_id, again=fate == "refused"))
        else:
            answer = Done(order.order_id, "completed")
            self.log.add(Paid(now, order.order_id))
        self.book[order.order_id] = answer
        if fate == "silent":
            return Unknown("no_answer")
        return answer if isinstance(answer, Rejected) else Accepted(order.order_id, "taken")

    def _fate(self) -> str:
        lot = self.dice.randrange(100)
        for fate, share in FATES.items():
            if lot < share:
                return fate
            lot -= share
        return "taken"

    async def ask(self, order: Any) -> Outcome:
        """As the book says."""
        return self.book.get(order.order_id, NotFound())


def _closed() -> bool:
    return clock.service_day(clock.now()).day in CLOSED


class Texts(_Here):
    """Delivers at once; what stood in the last message to a phone, its owner knows."""

    name: ClassVar[str] = "simulated"

    def __init__(self, log: Log, seed: int) -> None:
        super().__init__(log, seed)
        self.read: dict[str, Mapping[str, str]] = {}

    async def send(self, sms: Any) -> Outcome:
        """It is on the phone."""
        self.read[sms.phone] = sms.values
        self.log.add(Texted(clock.now(), sms.purpose, sms.phone))
        return Done(str(sms.message_id), "delivered")

    async def ask(self, sms: Any, call: Any) -> Outcome:
        """Nothing was left open."""
        return Done(call.ref, "delivered")
