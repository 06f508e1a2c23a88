"""DT One's daily statement: CSV by days in China, a row for each order paid or taken back.

The layout is the sandbox's; verify it against the account's own exports before going live.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from services.rewards.providers.protocol import NotAStatement, Statement, StatementRow
from services.rewards.providers.statement_lines import amount, lines, moment

CHINA = timezone(timedelta(hours=8))
COLUMNS = (
    "transaction_id", "external_id", "time", "status", "product_id", "mobile_number", "amount",
    "currency",
)  # fmt: skip
OUTCOMES: Mapping[str, Literal["paid", "reversed"]] = {"COMPLETED": "paid", "REVERSED": "reversed"}
# What the wallet held, and what was paid into it.
BALANCES = ("OPENING", "CLOSING", "TOP_UP")
MOST_FAULTS = 100
Found = tuple[int, datetime, StatementRow | tuple[str, int]]


def read(raw: bytes, day: date | None) -> Statement:
    """All rows or NotAStatement; they tell the day, which must be named where there are none."""
    found, faults = list[Found](), list[tuple[int, str]]()
    for line, row in lines(raw, COLUMNS):
        try:
            found.append((line, *_row(row)))
        except ValueError as fault:
            faults.append((line, str(fault)))
    day = day or (found[0][1].date() if found else None)
    if day is None and not faults:
        raise NotAStatement((1, "the file has no rows; say which day it is of"))
    faults += [(line, f"time: not on {day}") for line, at, _ in found if at.date() != day]
    if day is None or faults:
        raise NotAStatement(*sorted(faults)[:MOST_FAULTS])
    return _statement(day, [row for *_, row in found])


def _statement(day: date, found: Iterable[StatementRow | tuple[str, int]]) -> Statement:
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


def _row(row: Mapping[str, str]) -> tuple[datetime, StatementRow | tuple[str, int]]:
    status, at = row["status"], moment("time", row["time"], CHINA)
    if row["currency"] != "CNY":
        raise ValueError("currency: not CNY")
    fen = amount("amount", row["amount"])
    if status in BALANCES:
        return at, (status, fen)
    outcome = OUTCOMES.get(status)
    if outcome is None:
        raise ValueError(f"status: not one of {', '.join((*OUTCOMES, *BALANCES))}")
    for name in ("transaction_id", "external_id", "product_id"):
        if not row[name] or len(row[name]) > 64 or not row[name].isprintable():
            raise ValueError(f"{name}: not an id")
    if (fen > 0) != (outcome == "paid") or fen == 0 or abs(fen) >= 2**31:
        raise ValueError("amount: should be positive when COMPLETED, negative when REVERSED")
    return at, StatementRow(
        row["external_id"], outcome, row["transaction_id"], row["product_id"], abs(fen), at
    )
