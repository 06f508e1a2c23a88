"""DT One's daily statement: a CSV with one line for each payment and each reversal.

The layout is a guess until an account exists: external_id, status, amount in yuan (negative for a
reversal) are read by their column's name, everything else is ignored.
"""

import csv
from collections.abc import Iterable, Mapping

from services.rewards.rules.reconciling import Entry, Line
from shared.money import parse_yuan

ENTRIES: Mapping[str, Entry] = {"COMPLETED": "paid", "REVERSED": "reversed"}
NEEDED = frozenset({"external_id", "status", "amount", "currency"})


class NotAStatement(ValueError):
    """The file cannot be read; the text names the line and what is wrong with it."""


def read_statement(lines: Iterable[str]) -> list[Line]:
    """The lines of a statement. NotAStatement at the first that is wrong: none is left out."""
    reader = csv.DictReader(lines)
    if missing := NEEDED - set(reader.fieldnames or ()):
        raise NotAStatement(f"line 1: no column {', '.join(sorted(missing))}")
    return [_line(reader.line_num, row) for row in reader]


def _line(number: int, row: Mapping[str, str | None]) -> Line:
    status, currency = row["status"] or "", row["currency"]
    if status not in ENTRIES:
        raise NotAStatement(f"line {number}: status should be one of {', '.join(ENTRIES)}")
    if currency != "CNY":
        raise NotAStatement(f"line {number}: currency should be CNY")
    try:
        amount = parse_yuan(row["amount"] or "")
    except ValueError:
        raise NotAStatement(f"line {number}: amount should be in yuan, with two digits") from None
    if (amount < 0) != (status == "REVERSED"):
        raise NotAStatement(f"line {number}: a reversal is negative, a payment is not")
    return Line(row["external_id"] or "", ENTRIES[status], abs(amount))
