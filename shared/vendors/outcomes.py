"""What a vendor's answer means to us, for airtime and SMS alike: values, since the caller chooses.

`code` is the vendor's own word, or ours in lower case where it said nothing usable; `ref` is the
vendor's own id. This module is plain values, so that rules may decide on them.

              perhaps or certainly done              certainly not done
    final     Done, Reversed                         Rejected
    not yet   Accepted, Unknown, NotFound (asked)    TryLater, Held
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Accepted:
    """The vendor has it and will settle it."""

    ref: str | None
    code: str


@dataclass(frozen=True)
class Done:
    """Paid, or on the phone."""

    ref: str | None
    code: str


@dataclass(frozen=True)
class Reversed:
    """Done, and then taken back by the vendor."""

    ref: str | None
    code: str


@dataclass(frozen=True)
class Rejected:
    """Not done, and never will be; `retriable` when a new order may succeed."""

    code: str
    retriable: bool


@dataclass(frozen=True)
class TryLater:
    """Certainly not done, and no fault of the order; not again before `after`."""

    code: str
    after: timedelta


@dataclass(frozen=True)
class Held:
    """Certainly not done, and none will be until a person has mended something (a wallet)."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """Perhaps done, perhaps not: ask before anything else."""

    code: str


@dataclass(frozen=True)
class NotFound:
    """The vendor was asked and has no such thing at this moment. That is not a failure."""

    code: str = "not_found"


Outcome = Accepted | Done | Reversed | Rejected | TryLater | Held | Unknown | NotFound


def kind(outcome: Outcome) -> str:
    """The outcome's name as metrics and logs show it."""
    return type(outcome).__name__.lower()
