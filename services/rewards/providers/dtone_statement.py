"""DT One's daily statement: CSV by days in China, a row for each order paid or taken back.

The layout is the sandbox's; verify it against the account's own exports before going live.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from services.rewards.providers.protocol import NotAStatement, Statement, StatementRow
from shared.values.money import parse_yuan

CHINA = timezone(timedelta(hours=8))
COLUMNS = (
    "transaction_id", "external_id", "time", "status", "product_id", "mobile_number", "amount",
    "currency",
)  # fmt: skip
OUTCOMES: Mapping[str, Literal["paid", "reversed"]] = {"COMPLETED": "paid", "REVERSED": "reversed"}
MOST_FAULTS = 100


def read(raw: bytes, day: date | None) -> Statement:
    """All rows or NotAStatement; they tell the day, which must be named where there are none."""
    rows, faults = [], []
    for line, cells in _lines(raw):
        try:
            rows.append((line, _row(cells)))
        except ValueError as fault:
            faults.append((line, str(fault)))
    day = day or (rows[0][1].at.date() if rows else None)
    if day is None and not faults:
        raise NotAStatement((1, "the file has no rows; say which day it is of"))
    faults += [(n, f"time is not on {day}") for n, row in rows if row.at.date() != day]
    if day is None or faults:
        raise NotAStatement(*sorted(faults)[:MOST_FAULTS])
    opened_at = datetime.combine(day, time(), CHINA)
    return Statement(day, opened_at, opened_at + timedelta(days=1), tuple(row for _, row in rows))


def _lines(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        lines = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        head = next(lines, [])
        if tuple(head) != COLUMNS:
            raise NotAStatement((1, f"the columns should be {','.join(COLUMNS)}"))
        yield from ((lines.line_num, cells) for cells in lines if any(map(str.strip, cells)))
    except UnicodeDecodeError:
        raise NotAStatement((1, "not UTF-8")) from None
    except csv.Error as error:
        raise NotAStatement((lines.line_num, str(error))) from None


def _row(cells: list[str]) -> StatementRow:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells instead of {len(COLUMNS)}")
    row = dict(zip(COLUMNS, cells, strict=True))
    outcome = OUTCOMES.get(row["status"])
    if outcome is None:
        raise ValueError(f"status is not one of {', '.join(OUTCOMES)}")
    if row["currency"] != "CNY":
        raise ValueError("currency is not CNY")
    for name in ("transaction_id", "external_id", "product_id"):
        if not row[name] or len(row[name]) > 64 or not row[name].isprintable():
            raise ValueError(f"{name} is not an id")
    fen = parse_yuan(row["amount"])
    if (fen > 0) != (outcome == "paid") or fen == 0 or abs(fen) >= 2**31:
        raise ValueError("amount should be positive when COMPLETED, negative when REVERSED")
    return StatementRow(
        row["external_id"], outcome, row["transaction_id"], row["product_id"], abs(fen),
        _moment(row["time"]),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        raise ValueError("time should be as 2026-03-03 10:00:00") from None
