"""What a vendor's answer means to us: values, since the caller must choose.

`code` is the vendor's own word (or ours, in lower case, where it said nothing usable).
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Accepted:
    """The vendor has it; whether it arrived is not known yet. `ref` is the vendor's id."""

    ref: str | None = None


@dataclass(frozen=True)
class Delivered:
    """On the phone. Final."""


@dataclass(frozen=True)
class Refused:
    """Not delivered, and never will be. Final."""

    code: str


@dataclass(frozen=True)
class TryLater:
    """Certainly not sent; the same message may be tried again, not before `after`."""

    after: timedelta
    code: str


@dataclass(frozen=True)
class Held:
    """Certainly not sent; a person must mend something first (account, template, address)."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """Perhaps sent: ask the vendor before doing anything else."""

    code: str


@dataclass(frozen=True)
class NotFound:
    """The vendor was asked and lists no such message, at this moment."""


Sent = Accepted | Delivered | Refused | TryLater | Held | Unknown
Found = Sent | NotFound
