"""The vendor's statement against our orders: every difference, by order."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Entry = Literal["paid", "reversed"]
Difference = Literal[
    "not_on_statement",  # we say paid or reversed, the vendor does not
    "not_in_book",  # the vendor charged for an order that we never made, or do not call paid
    "amount_differs",
    "listed_twice",
]


@dataclass(frozen=True)
class Line:
    """A payment, or its reversal, of one order. Amounts in fen, never negative."""

    order_id: str
    entry: Entry
    amount_fen: int


@dataclass(frozen=True)
class Mismatch:
    """What differs; `book_fen` and `statement_fen` are None where there is no such line."""

    order_id: str
    entry: Entry
    difference: Difference
    book_fen: int | None
    statement_fen: int | None


def reconcile(book: Iterable[Line], statement: Iterable[Line]) -> list[Mismatch]:
    """Every difference between two sets of lines of the same period, by order id."""
    listed = list(statement)
    ours, theirs = _by_key(book), _by_key(listed)
    times = Counter((line.order_id, line.entry) for line in listed)
    found = (_compare(key, ours, theirs, times[key]) for key in sorted(ours.keys() | theirs.keys()))
    return [mismatch for mismatch in found if mismatch]


Key = tuple[str, Entry]


def _by_key(lines: Iterable[Line]) -> dict[Key, int]:
    return {(line.order_id, line.entry): line.amount_fen for line in lines}


def _compare(
    key: Key, ours: Mapping[Key, int], theirs: Mapping[Key, int], times: int
) -> Mismatch | None:
    book, statement = ours.get(key), theirs.get(key)
    difference: Difference | None = None
    if statement is None:
        difference = "not_on_statement"
    elif book is None:
        difference = "not_in_book"
    elif times > 1:
        difference = "listed_twice"
    elif book != statement:
        difference = "amount_differs"
    return Mismatch(*key, difference, book, statement) if difference else None
