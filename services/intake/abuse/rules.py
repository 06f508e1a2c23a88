"""What waits for a person before it counts. Plain values only.

Two kinds: more from one source, or about one place, than people send; and praise that no window can
have earned. What is over is held, never dropped, or an officer could use up the share of his own
unit. So what is held for its source does not count against the unit either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from services.intake.abuse.limits import Limit
from shared.events import HeldReason, Kind, SubmissionReceived
from shared.policy import Policy

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOP = 4
# Of a unit whose counters the directory has not told yet.
COUNTERS = 6


@dataclass(frozen=True)
class Sender:
    """Who sends: the network around the address, and the device if it was here before."""

    address: str
    device: str | None = None


@dataclass(frozen=True)
class Office:
    """What is known of a unit; its kind says when it is open."""

    kind: str = ""
    counters: int = COUNTERS


@dataclass(frozen=True)
class Sent:
    """A submission as far as it is counted.

    `code` is what was scanned, `served` where: a counter, kiosk or officer, or the `whole` unit.
    """

    kind: Kind
    satisfaction: int | None
    unit_code: str
    code: str
    served: str
    phone: str | None = None
    kiosk: bool = False
    whole: bool = False

    @classmethod
    def of(
        cls, event: SubmissionReceived, code: str, kiosk: int | None, officer: str | None
    ) -> "Sent":
        """A submission, and what its code says beside unit and counter."""
        place = event.counter or kiosk or officer
        return cls(
            event.kind, event.satisfaction, event.unit_code, code, f"{event.unit_code}/{place}",
            phone=event.phone_index, kiosk=kiosk is not None, whole=place is None,
        )  # fmt: skip

    @property
    def is_praise(self) -> bool:
        """A rating of 4 or 5."""
        return self.kind == "rating" and (self.satisfaction or 0) >= TOP


Check = tuple[HeldReason, Limit, str]


@dataclass(frozen=True)
class Rules:
    """One policy's numbers as limits."""

    policy: Policy

    @cached_property
    def _phone(self) -> Limit:
        return Limit("phone", self.policy.limits.phone_day, DAY)

    @cached_property
    def _address(self) -> Limit:
        return Limit("address", self.policy.limits.address_hour, HOUR)

    @cached_property
    def _code(self) -> Limit:
        return Limit("code", self.policy.limits.code_hour, HOUR)

    @cached_property
    def _unit(self) -> Limit:
        return Limit("unit", self.policy.limits.unit_hour, HOUR)

    @cached_property
    def _praise_address(self) -> Limit:
        return Limit("praise address", self.policy.praise.address_hour, HOUR)

    @cached_property
    def _praise_device(self) -> Limit:
        return Limit("praise device", self.policy.praise.device_day, DAY)

    @cached_property
    def _praise_closed(self) -> Limit:
        return Limit("praise closed", self.policy.praise.closed_hour, HOUR)

    def checks(self, sent: Sent, sender: Sender, office: Office, now: datetime) -> Iterator[Check]:
        """What is counted, in this order; the first limit that is passed says why it is held."""
        if sent.phone:
            yield "phone", self._phone, sent.phone
        if not sent.kiosk:  # a kiosk serves everybody from one address, and has its pace
            yield "address", self._address, sender.address
        if sent.is_praise:
            yield from self._praise(sent, sender, office, now)
        yield "code", self._code, sent.code
        yield "unit", self._unit, sent.unit_code

    def _praise(self, sent: Sent, sender: Sender, office: Office, now: datetime) -> Iterator[Check]:
        if not sent.kiosk:
            yield "burst", self._praise_address, sender.address
        if sender.device and not sent.kiosk:
            yield "burst", self._praise_device, sender.device
        if not self.policy.opening.is_open(now.astimezone(self.policy.zone), office.kind):
            yield "closed", self._praise_closed, sent.unit_code
        counters = office.counters if sent.whole else 1
        most = self.policy.praise.counter_hour * counters
        yield "pace", Limit("praise pace", most, HOUR), sent.served
