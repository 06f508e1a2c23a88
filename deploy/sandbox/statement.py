"""The vendor's daily statement as CSV: what it paid and took back on a day in China.

How it is written is the dialect's `Layout`, a guess for all of them [M]. ``statement_missing_row``
leaves rows out and ``statement_extra_row`` adds payments that never were; the same rows in every
copy, and nothing of the fault is used up. The first and the last row tell what the wallet held.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.sandbox.faults import Fault
from deploy.sandbox.parts import Parts
from deploy.sandbox.when import china_day, china_text

PRODUCT = 1
COLUMNS = (
    "transaction_id",
    "external_id",
    "time",
    "status",
    "product_id",
    "mobile_number",
    "amount",
    "currency",
)


@dataclass(frozen=True)
class Layout:
    """A vendor's own headings, by ours and in its order; its words for a status; its encoding.

    `own_id` is how it writes the number of a top-up.
    """

    headings: Mapping[str, str] = field(
        default_factory=lambda: dict(zip(COLUMNS, COLUMNS, strict=True))
    )
    words: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    own_id: Callable[[int], object] = lambda row_id: row_id


OURS = Layout()
EVENTS = """
SELECT id, external_id, paid_at AS at, 'COMPLETED' AS status, product_id, phone, fen, currency
FROM airtime WHERE vendor = :vendor AND paid_at >= :first AND paid_at < :after
UNION ALL
SELECT id, external_id, reversed_at, 'REVERSED', product_id, phone, -fen, currency
FROM airtime WHERE vendor = :vendor AND reversed_at >= :first AND reversed_at < :after
ORDER BY at, id
"""


def statement(parts: Parts, vendor: str, day: datetime, layout: Layout = OURS) -> bytes:
    """Rows in order of time; a reversal is a negative amount."""
    first, after = china_day(day)
    found = parts.book.db.execute(EVENTS, {"vendor": vendor, "first": first, "after": after})
    lines = [line(*row) for row in found]
    lines = without_missing(lines, parts.faults.standing(vendor, "statement_missing_row"))
    lines += extra(first, parts.faults.standing(vendor, "statement_extra_row"))
    lines = with_balances(parts, vendor, (first, after), lines)
    return to_csv(lines, layout).encode(layout.encoding)


def with_balances(
    parts: Parts, vendor: str, bounds: tuple[float, float], lines: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the wallet truly held before the first line and after the last, whatever they say."""
    first, after = bounds
    held = [balance(parts, vendor, moment) for moment in bounds]
    ends = zip(("OPENING", "CLOSING"), (first, after - 1), held, strict=True)
    unit = getattr(parts.config.accounts[vendor], "currency", "CNY")
    opening, closing = (
        dict(zip(COLUMNS, ("", "", china_text(at), status, "", "", yuan(fen), unit), strict=True))
        for status, at, fen in ends
    )
    return [opening, *lines, closing]


def balance(parts: Parts, vendor: str, moment: float) -> int:
    """Fen in the wallet at a moment; it was filled before the first order."""
    paid, back = parts.book.db.execute(
        "SELECT coalesce(sum(fen) FILTER (WHERE paid_at < :at), 0),"
        " coalesce(sum(fen) FILTER (WHERE reversed_at < :at), 0)"
        " FROM airtime WHERE vendor = :vendor",
        {"vendor": vendor, "at": moment},
    ).fetchone()
    filled: int = getattr(parts.config.accounts[vendor], "wallet_fen", 0)
    return filled - int(paid) + int(back)


def yuan(fen: int) -> str:
    """Two digits behind the point."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def line(
    row_id: int,
    external: str,
    at: float,
    status: str,
    product: int | str,
    phone: str,
    fen: int,
    unit: str,
) -> dict[str, Any]:
    """One row of the statement."""
    values = (row_id, external, china_text(at), status, product, f"+86{phone}", yuan(fen), unit)
    return dict(zip(COLUMNS, values, strict=True))


def without_missing(lines: list[dict[str, Any]], faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Each fault drops the rows that its seed picks, at most ``count`` of them."""
    for fault in faults:
        picked = [x for x in lines if fault.hits(f"{x['transaction_id']} {x['status']}")]
        dropped = picked[: fault.count]
        lines = [x for x in lines if x not in dropped]
    return lines


def extra(first: float, faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Each fault invents ``count`` rows, or one."""
    return [
        line(
            9_000_000_000 + n,
            f"extra-{fault.seed}-{n}",
            first,
            "COMPLETED",
            PRODUCT,
            "19900000000",
            2000,
            "CNY",
        )
        for fault in faults
        for n in range(fault.count or 1)
        if fault.hits(f"extra {n}")
    ]


def to_csv(lines: Iterable[dict[str, Any]], layout: Layout) -> str:
    """CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(layout.headings.values())
    for one in lines:
        told = one | {"status": layout.words.get(one["status"], one["status"])}
        if one["transaction_id"]:
            told |= {"transaction_id": layout.own_id(one["transaction_id"])}
        writer.writerow([told[name] for name in layout.headings])
    return out.getvalue()
