"""What waits for a person before it counts. Plain values only.

Two kinds: more from one source, or about one place, than people send; and praise that no window can
have earned. What is over is held, never dropped, or an officer could use up the share of his own
unit. So what is held for its source does not count against the unit either.

Whose browser worked for a submission has a share of their own, which nobody uses up without work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from services.intake.abuse.limits import Limit
from shared.events import HeldReason, Kind, SubmissionReceived
from shared.policy import Policy

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOP = 4
# Of a unit whose counters the directory has not told yet.
COUNTERS = 6


@dataclass(frozen=True)
class Sender:
    """Who sends: the network around the address, and the device if it was here before.

    `worked` where the browser solved a puzzle for this submission.
    """

    address: str
    device: str | None = None
    worked: bool = False


@dataclass(frozen=True)
class Office:
    """What is known of a unit; its kind says when it is open."""

    kind: str = ""
    counters: int = COUNTERS


@dataclass(frozen=True)
class Sent:
    """A submission as far as it is counted.

    `code` is what was scanned, `served` where: a counter, kiosk or officer, or the `whole` unit.
    A `kiosk` takes nothing but ratings: who complains with its code sits elsewhere. Whoever was
    `invited` by a draw answers from home, whenever they like, and once.
    """

    kind: Kind
    satisfaction: int | None
    unit_code: str
    code: str
    served: str
    phone: str | None = None
    kiosk: bool = False
    whole: bool = False
    invited: bool = False

    @classmethod
    def of(
        cls,
        event: SubmissionReceived,
        code: str,
        kiosk: int | None,
        officer: str | None,
        invitation: str | None,
    ) -> "Sent":
        """A submission, and what its code says beside unit and counter."""
        place = event.counter or (f"K{kiosk}" if kiosk else officer)
        return cls(
            event.kind, event.satisfaction, event.unit_code, code, f"{event.unit_code}/{place}",
            phone=event.phone_index, whole=place is None,
            kiosk=kiosk is not None and event.kind == "rating", invited=invitation is not None,
        )  # fmt: skip

    @property
    def is_praise(self) -> bool:
        """A rating of 4 or 5."""
        return self.kind == "rating" and (self.satisfaction or 0) >= TOP


Check = tuple[HeldReason, Limit, str]


class Share(NamedTuple):
    """How much may come from one network, and about one code and one unit."""

    address: Limit
    code: Limit
    unit: Limit


@dataclass(frozen=True)
class Rules:
    """One policy's numbers as limits."""

    policy: Policy

    @cached_property
    def _phone(self) -> Limit:
        return Limit("phone", self.policy.limits.phone_day, DAY)

    @cached_property
    def usual(self) -> Share:
        """Everybody's."""
        return self._share("")

    @cached_property
    def worked(self) -> Share:
        """Of those who solved a puzzle."""
        return self._share(" worked")

    def _share(self, whose: str) -> Share:
        limits = self.policy.limits
        return Share(
            Limit(f"address{whose}", limits.address_hour, HOUR),
            Limit(f"code{whose}", limits.code_hour, HOUR),
            Limit(f"unit{whose}", limits.unit_hour, HOUR),
        )

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
        share = self.worked if sender.worked else self.usual
        if sent.phone:
            yield "phone", self._phone, sent.phone
        if not sent.kiosk:  # it serves everybody from one address, and has its pace at any level
            yield "address", share.address, sender.address
        if sent.is_praise:
            yield from self._praise(sent, sender, office, now)
        if sent.kiosk or (sent.is_praise and not sent.invited):
            counters = office.counters if sent.whole else 1
            most = self.policy.praise.counter_hour * counters
            yield "pace", Limit("pace", most, HOUR), sent.served
        yield "code", share.code, sent.code
        yield "unit", share.unit, sent.unit_code

    def _praise(self, sent: Sent, sender: Sender, office: Office, now: datetime) -> Iterator[Check]:
        if not sent.kiosk:
            yield "burst", self._praise_address, sender.address
        if sender.device and not sent.kiosk:
            yield "burst", self._praise_device, sender.device
        local = now.astimezone(self.policy.zone)
        if not sent.invited and not self.policy.opening.is_open(local, office.kind):
            yield "closed", self._praise_closed, sent.unit_code

    def bits(self, halves: int) -> int:
        """How hard a puzzle is where so many halves of a share are used; 0: nobody need work."""
        limits = self.policy.limits
        if not halves:
            return 0
        return min(limits.puzzle_bits + halves.bit_length() - 1, limits.puzzle_most_bits)
