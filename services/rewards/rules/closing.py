"""A month's sums by vendor, from what went through the accounts until its end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Turned(Protocol):
    """What went through an account in a month by a step; fen."""

    @property
    def month(self) -> date: ...
    @property
    def account(self) -> str: ...
    @property
    def vendor(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def debit_fen(self) -> int: ...
    @property
    def credit_fen(self) -> int: ...


@dataclass(frozen=True)
class VendorMonth:
    """Fen; opening + topped up - paid + reversed = closing.

    Opening and closing are the wallet and what is on its way, which is `suspense_fen` at the end.
    """

    vendor: str
    opening_fen: int
    topped_up_fen: int
    paid_fen: int
    reversed_fen: int
    written_off_fen: int
    suspense_fen: int
    closing_fen: int


def month_of_vendors(turnover: Iterable[Turned], month: date) -> list[VendorMonth]:
    """Each vendor that had any money until the month's end, by name; later months are left out."""
    known = [one for one in turnover if one.vendor and one.month <= month]
    return [_of([one for one in known if one.vendor == vendor], vendor, month)
            for vendor in sorted({one.vendor for one in known})]  # fmt: skip


def _of(turned: list[Turned], vendor: str, month: date) -> VendorMonth:
    now = [one for one in turned if one.month == month]
    before = [one for one in turned if one.month < month]
    written_off = (
        one.debit_fen for one in now if (one.account, one.step) == ("wallet", "written_off")
    )
    return VendorMonth(
        vendor=vendor,
        opening_fen=stands(before, "wallet", "suspense"),
        topped_up_fen=-stands(now, "topped_up"),
        paid_fen=stands(now, "paid"),
        reversed_fen=-stands(now, "reversed"),
        written_off_fen=sum(written_off),
        suspense_fen=stands(turned, "suspense"),
        closing_fen=stands(turned, "wallet", "suspense"),
    )


def stands(turned: Iterable[Turned], *accounts: str) -> int:
    """Debits less credits of these accounts."""
    return sum(one.debit_fen - one.credit_fen for one in turned if one.account in accounts)


def total(vendors: Iterable[VendorMonth]) -> VendorMonth:
    """All of them together, under no name."""
    listed = list(vendors)
    names = [name for name in VendorMonth.__dataclass_fields__ if name.endswith("_fen")]
    return VendorMonth("", **{name: sum(getattr(one, name) for one in listed) for name in names})
