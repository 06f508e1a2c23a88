"""A vendor's daily statement, whatever its headings: rows for what was paid and taken back.

How a vendor writes it is its `Layout`, beside its adapter; days and times are China's. Balances
may stand among the rows, as rows of a status of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from services.rewards.providers.protocol import (
    BadCell,
    NotAStatement,
    Statement,
    StatementRow,
)
from services.rewards.providers.statement_lines import amount, lines, moment
from shared.values.sheet import RowError

CHINA = timezone(timedelta(hours=8))
MOST_FAULTS = 100
Outcome = Literal["paid", "reversed"]
# What the wallet held, and what was paid into it.
Balance = Literal["OPENING", "CLOSING", "TOP_UP"]
Found = tuple[int, datetime, StatementRow | tuple[Balance, int]]


@dataclass(frozen=True)
class Layout:
    """All headings in the vendor's order, which of them is what, and its words for a status.

    `currency` is the heading of one, where it is told; then it must be `unit`.
    """

    columns: tuple[str, ...]
    order_id: str
    vendor_ref: str
    time: str
    status: str
    product: str
    amount: str
    outcomes: Mapping[str, Outcome]
    balances: Mapping[str, Balance]
    currency: str | None = None
    unit: str = "CNY"

    @property
    def words(self) -> str:
        """Every status that may stand in a row."""
        return ", ".join((*self.outcomes, *self.balances))


def read(raw: bytes, day: date | None, layout: Layout) -> Statement:
    """All rows or NotAStatement; they tell the day, which must be named where there are none."""
    return read_rows(lines(raw, layout.columns), day, layout)


def read_rows(
    rows: Iterable[tuple[int, Mapping[str, str]]], day: date | None, layout: Layout
) -> Statement:
    """The same of rows by their headings, each with its number."""
    found, faults = list[Found](), list[RowError]()
    for line, row in rows:
        try:
            found.append((line, *_row(row, layout)))
        except BadCell as bad:
            faults.append(bad.on(line))
    day = day or (found[0][1].date() if found else None)
    if day is None and not faults:
        raise NotAStatement(RowError(1, "", "statement_no_rows"))
    off = [line for line, at, _ in found if at.date() != day]
    faults += [RowError(line, layout.time, "statement_not_on", {"day": f"{day}"}) for line in off]
    if day is None or faults:
        raise NotAStatement(*sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS])
    return _statement(day, [row for *_, row in found])


def _statement(day: date, found: Iterable[StatementRow | tuple[Balance, int]]) -> Statement:
    opened_at = datetime.combine(day, time(), CHINA)
    rows, balances = list[StatementRow](), dict[str, int]()
    for row in found:
        if isinstance(row, StatementRow):
            rows.append(row)
        else:
            balances[row[0]] = row[1] + (balances.get(row[0], 0) if row[0] == "TOP_UP" else 0)
    return Statement(
        day, opened_at, opened_at + timedelta(days=1), tuple(rows), balances.get("OPENING"),
        balances.get("CLOSING"), balances.get("TOP_UP", 0),
    )  # fmt: skip


def _row(
    row: Mapping[str, str], layout: Layout
) -> tuple[datetime, StatementRow | tuple[Balance, int]]:
    status, at = row[layout.status], moment(layout.time, row[layout.time], CHINA)
    if layout.currency and row[layout.currency] != layout.unit:
        raise BadCell(layout.currency, "statement_currency", unit=layout.unit)
    fen = amount(layout.amount, row[layout.amount])
    if status in layout.balances:
        return at, (layout.balances[status], fen)
    outcome = layout.outcomes.get(status)
    if outcome is None:
        raise BadCell(layout.status, "statement_status", words=layout.words)
    ids = [_id(row, name) for name in (layout.order_id, layout.vendor_ref, layout.product)]
    if (fen > 0) != (outcome == "paid") or fen == 0 or abs(fen) >= 2**31:
        paid, back = (_word(layout, wanted) for wanted in ("paid", "reversed"))
        raise BadCell(layout.amount, "statement_sign", paid=paid, back=back)
    return at, StatementRow(ids[0], outcome, ids[1], ids[2], abs(fen), at)


def _id(row: Mapping[str, str], name: str) -> str:
    if not row[name] or len(row[name]) > 64 or not row[name].isprintable():
        raise BadCell(name, "statement_id")
    return row[name]


def _word(layout: Layout, wanted: str) -> str:
    return next(word for word, outcome in layout.outcomes.items() if outcome == wanted)
