"""Which SMS may leave now: quiet hours, and what a day may cost. Pure.

A day's money is in two purses: one for everything, and beside it a reserve that only one-time
codes, urgent pages and the alert of money may open. These wait for no hour and no number's rest
either; of money it is alerted by day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from services.notifications.rules.messages import Purpose
from shared.policy import Policies
from shared.policy.messages import Messages
from shared.values import clock

Why = Literal["quiet", "over_cap", "reserve_gone"]
URGENT: frozenset[Purpose] = frozenset({"code", "urgent", "money"})
# What somebody who wants no more of it is not sent. A receipt, thanks and money are theirs.
STOPPED: frozenset[Purpose] = frozenset({"invitation", "question", "howto"})


@dataclass(frozen=True)
class Spent:
    """What a day has cost so far, in fen, by purse."""

    day_fen: int = 0
    reserve_fen: int = 0


@dataclass(frozen=True)
class Sparing:
    """By what a claim is held back now. `rest` is a number's, between two SMS to it.

    `alone` is how long a question to a number is the only one, so that its reply is to that.
    """

    rule: Messages
    quiet: bool
    patient: bool = True

    @property
    def rest(self) -> timedelta:
        """Between two SMS to one number."""
        return timedelta(minutes=self.rule.rest_minutes) if self.patient else timedelta()

    @property
    def alone(self) -> timedelta:
        """How long a question to a number is the only one there."""
        return timedelta(hours=self.rule.reply_hours)


@dataclass(frozen=True)
class Terms:
    """Who is called at which price (fen each), on which of the bureau's days, how sparingly.

    The `only` vendor takes what is queued for anybody, one of several what was given to it.
    """

    vendor: str
    fen: int
    day: date
    sparing: Sparing
    only: bool = True


@dataclass(frozen=True)
class Thrift:
    """The policies, what an SMS costs at each vendor (fen), and whether anything waits for hours.

    Not `patient` only where the other side is a sandbox, whose people do not sleep.
    """

    policies: Policies
    fen: Mapping[str, int] = field(default_factory=dict)
    patient: bool = True

    def terms(self, vendor: str, now: datetime) -> Terms:
        """By the policy in force now: what was promised to a case is no matter here."""
        edition = self.policies.at(now)
        quiet = self.patient and edition.messages.is_quiet(now, edition.zone)
        sparing = Sparing(edition.messages, quiet, self.patient)
        day = clock.service_day(now, edition.zone)
        return Terms(vendor, self.fen.get(vendor, 0), day, sparing)


def room(sparing: Sparing, spent: Spent, fen: int, *, urgent: bool) -> int | None:
    """How many may be sent at `fen` each; None where money does not matter."""
    if not urgent and sparing.quiet:
        return 0
    if not fen:
        return None
    left = max(0, sparing.rule.day_fen - spent.day_fen) // fen
    return left + _reserved(sparing, spent, fen) if urgent else left


def from_reserve(sparing: Sparing, spent: Spent, fen: int, many: int) -> int:
    """How many of so many urgent ones the reserve pays; the others take from what is for all."""
    return min(many, _reserved(sparing, spent, fen)) if fen else 0


def _reserved(sparing: Sparing, spent: Spent, fen: int) -> int:
    return max(0, sparing.rule.reserve_fen - spent.reserve_fen) // fen


def waits(sparing: Sparing, spent: Spent, fen: int, purpose: Purpose) -> Why | None:
    """Why one that is queued does not leave now, as a person is told."""
    urgent = purpose in URGENT
    if not urgent and sparing.quiet:
        return "quiet"
    if room(sparing, spent, fen, urgent=urgent) == 0:
        return "reserve_gone" if urgent else "over_cap"
    return None
