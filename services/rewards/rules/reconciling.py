"""A vendor's statement and our ledger side by side: every difference, by its kind.

unknown_order   the vendor has an order that we never made there
missing_here    the vendor carried an order out of which we do not know yet what became
missing_there   our ledger has a payment or a reversal that no statement has
state           both know the order's end, and it is not the same
amount, product the vendor carried out another amount, or another product
double          the vendor carried one order out, or took it back, twice
wrong_day       at a time at which the order cannot have been carried out: a zone, or a day off
balance         opening - paid + refunded + topped up is not closing, or opening is not the
                closing of the day before
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args
from uuid import UUID

Kind = Literal[
    "unknown_order", "missing_here", "missing_there", "state", "amount", "product", "double",
    "wrong_day", "balance",
]  # fmt: skip
Outcome = Literal["paid", "reversed"]
# Clocks differ: an order of five to midnight may stand on the statement of the next day.
CLOCKS = timedelta(hours=1)


class Row(Protocol):
    """A line of a statement."""

    @property
    def order_id(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def vendor_ref(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True)
class Ours:
    """An order as it stands in the ledger; `outcome` is None while its money is in suspense.

    `lines` are what other statements of the vendor have of it: outcome and reference.
    """

    order_id: str
    reward_id: UUID
    product: str
    amount_fen: int
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None
    lines: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Difference:
    """One of them; `facts` are what either side says, by name."""

    kind: Kind
    order_id: str = ""
    reward_id: UUID | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Wallet:
    """What the vendor says of our money there; None where it does not say."""

    opening_fen: int | None = None
    closing_fen: int | None = None
    topped_up_fen: int = 0
    closed_before_fen: int | None = None


def compare(
    rows: Sequence[Row], ours: Mapping[str, Ours], expected: Collection[Ours], wallet: Wallet
) -> list[Difference]:
    """All differences. `ours` are the orders that the rows name, `expected` those whose end
    must be on this statement or on one that is there already."""
    named: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        named[row.order_id].append(row)
    found = list[Difference]()
    for order_id, lines in named.items():
        found += _of_order(order_id, lines, ours.get(order_id))
    for order in expected:
        found += _missing_there(order, named.get(order.order_id, ()))
    return [*found, *_balance(rows, wallet)]


def _of_order(order_id: str, lines: Sequence[Row], order: Ours | None) -> Iterator[Difference]:
    if order is None:
        yield Difference("unknown_order", order_id, facts=_said(lines[0]))
        return
    for kind, row in _lines(lines, order):
        yield Difference(kind, order_id, order.reward_id, {**_said(row), **_known(order)})


def _lines(lines: Sequence[Row], order: Ours) -> Iterator[tuple[Kind, Row]]:
    for outcome in ("paid", "reversed"):
        same = [row for row in lines if row.outcome == outcome]
        refs = {ref for said, ref in order.lines if said == outcome}
        if len(same) > 1 or any(refs - {row.vendor_ref} for row in same):
            yield "double", same[-1]
    for row in lines:
        if row.amount_fen != order.amount_fen:
            yield "amount", row
        # Orders of before do not know their product.
        if order.product not in ("", row.product):
            yield "product", row
        if not _possible(row, order):
            yield "wrong_day", row
    last = next((row for row in lines if row.outcome == "reversed"), lines[-1])
    if order.outcome is None:
        yield "missing_here", last
    elif order.outcome == "rejected" or (order.outcome, last.outcome) == ("paid", "reversed"):
        yield "state", last


def _possible(row: Row, order: Ours) -> bool:
    """Whether the order can have been carried out at the row's time, for all we know."""
    if row.at < order.opened_at - CLOCKS:
        return False
    return order.closed_at is None or row.at <= order.closed_at + CLOCKS


def _missing_there(order: Ours, lines: Collection[Row]) -> Iterator[Difference]:
    told = {row.outcome for row in lines} | {outcome for outcome, _ in order.lines}
    due = {"paid": {"paid"}, "reversed": {"paid", "reversed"}}.get(order.outcome or "", set())
    if due - told:
        yield Difference("missing_there", order.order_id, order.reward_id, _known(order))


def _balance(rows: Sequence[Row], wallet: Wallet) -> Iterator[Difference]:
    paid, refunded = sums(rows)
    opening, closing, before = wallet.opening_fen, wallet.closing_fen, wallet.closed_before_fen
    if opening is not None and closing is not None:
        due = opening - paid + refunded + wallet.topped_up_fen
        if due != closing:
            facts = {"opening_fen": opening, "paid_fen": paid, "refunded_fen": refunded,
                     "topped_up_fen": wallet.topped_up_fen, "closing_fen": closing,
                     "due_fen": due}  # fmt: skip
            yield Difference("balance", facts=facts)
    if None not in (opening, before) and opening != before:
        yield Difference("balance", facts={"opening_fen": opening or 0, "before_fen": before or 0})


def sums(rows: Sequence[Row]) -> tuple[int, int]:
    """Fen that the vendor paid, and that it gave back."""
    paid, refunded = (sum(r.amount_fen for r in rows if r.outcome == o) for o in get_args(Outcome))
    return paid, refunded


def _said(row: Row) -> dict[str, str | int]:
    return {
        "outcome": row.outcome, "theirs_fen": row.amount_fen, "their_product": row.product,
        "ref": row.vendor_ref, "at": row.at.isoformat(),
    }  # fmt: skip


def _known(order: Ours) -> dict[str, str | int]:
    return {
        "ours": order.outcome or "open", "ours_fen": order.amount_fen, "product": order.product
    }  # fmt: skip
