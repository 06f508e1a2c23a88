"""What a vendor's answer means for the money, as values; the vendor's own code stays with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paid:
    """The vendor says completed."""

    ref: str
    code: str


@dataclass(frozen=True)
class Accepted:
    """The vendor has the order and will settle it."""

    ref: str
    code: str


@dataclass(frozen=True)
class Reversed:
    """The vendor took a completed top-up back."""

    ref: str
    code: str


@dataclass(frozen=True)
class Rejected:
    """Definitely not executed; `retriable` when a new order may succeed."""

    code: str
    retriable: bool


@dataclass(frozen=True)
class TryLater:
    """Definitely not executed, and no fault of the order."""

    code: str


@dataclass(frozen=True)
class Held:
    """Definitely not executed, and none will be until an operator acts (an empty wallet)."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """It may have been executed, or not: ask before anything else."""

    code: str


@dataclass(frozen=True)
class NotFound:
    """The vendor knows no such order at this moment. That is not a failure."""

    code: str = "not_found"


Outcome = Paid | Accepted | Reversed | Rejected | TryLater | Held | Unknown | NotFound
