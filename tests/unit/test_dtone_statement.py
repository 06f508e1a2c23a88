"""DT One's daily statement: what a file may hold, and a named line for whatever it may not."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.providers.dtone import DtOne
from services.rewards.providers.dtone_statement import COLUMNS
from services.rewards.providers.protocol import NotAStatement, Statement
from services.rewards.providers.statement_layout import MOST_FAULTS

DAY = date(2026, 3, 3)
ROW = {
    "transaction_id": "5", "external_id": "abcdefgh", "time": "2026-03-03 00:00:00",
    "status": "COMPLETED", "product_id": "6020", "mobile_number": "+8613800000088",
    "amount": "20.00", "currency": "CNY",
}  # fmt: skip


def line(**changes: str) -> str:
    """A row of it."""
    return ",".join((ROW | changes).values())


def read(*lines: str, day: date | None = None, head: str = ",".join(COLUMNS)) -> Statement:
    """The statement of these lines."""
    return DtOne.read_statement("\r\n".join((head, *lines, "")).encode(), day)


def faults(*lines: str, **options: Any) -> list[tuple[int, str]]:
    """What is wrong with them."""
    with pytest.raises(NotAStatement) as caught:
        read(*lines, **options)
    return list(caught.value.faults)


def test_a_day_is_read_with_what_was_paid_and_taken_back() -> None:
    """The day is one in China; a reversal is a negative amount of the same order."""
    back = line(status="REVERSED", amount="-20.00", time="2026-03-03 23:59:59")
    found = read(line(), back)
    assert DAY == found.day
    assert datetime(2026, 3, 2, 16, tzinfo=UTC) == found.opened_at
    assert timedelta(days=1) == found.closed_at - found.opened_at
    told = [(row.order_id, row.outcome, row.product, row.amount_fen) for row in found.rows]
    assert [("abcdefgh", word, "6020", 2000) for word in ("paid", "reversed")] == told


def test_a_day_on_which_nothing_was_paid_must_be_named() -> None:
    """An empty statement is worth as much as a full one, once its day is said."""
    assert (DAY, ()) == (read(day=DAY).day, read(day=DAY).rows)
    assert [(1, "the file has no rows; say which day it is of")] == faults()


def test_a_row_of_another_day_is_named() -> None:
    """Whether the day follows from the first row or is said."""
    other = line(time="2026-03-04 00:00:00")
    assert [(3, "time: not on 2026-03-03")] == faults(line(), other)
    assert [(2, "time: not on 2026-03-03")] == faults(other, day=DAY)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "CONFIRMED"}, "status"),
        ({"status": ""}, "status"),
        ({"currency": "USD"}, "currency"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 65}, "external_id"),
        ({"external_id": "a\x00b"}, "external_id"),
        ({"transaction_id": ""}, "transaction_id"),
        ({"product_id": ""}, "product_id"),
        ({"amount": "-20.00"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "20.001"}, "fen"),
        ({"amount": "NaN"}, "fen"),
        ({"amount": "much"}, "yuan"),
        ({"amount": "99999999999"}, "amount"),
        ({"status": "REVERSED"}, "amount"),
        ({"time": "2026-03-03"}, "time"),
        ({"time": "2026-02-30 10:00:00"}, "time"),
        ({"currency": "CNY,more"}, "9 cells"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_read(changes: dict[str, str], word: str) -> None:
    """Its line, and what is wrong with it; the good row before it does not help."""
    ((number, fault),) = faults(line(), line(**changes))
    assert 3 == number
    assert word in fault
    assert "138" not in fault


def test_all_bad_rows_are_named_up_to_a_limit() -> None:
    """In the order of the file."""
    told = faults(*(line(status="x") for _ in range(3)))
    assert [2, 3, 4] == [number for number, _ in told]
    assert MOST_FAULTS == len(faults(*(line(status="x") for _ in range(MOST_FAULTS + 9))))


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"a,b\n", b"\x00", b'"open'])
def test_what_is_no_statement(raw: bytes) -> None:
    """A file of anything else is refused in its first line."""
    with pytest.raises(NotAStatement) as caught:
        DtOne.read_statement(raw, DAY)
    assert 1 == len(caught.value.faults)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_statement_or_are_refused(tail: bytes) -> None:
    """No file, however broken, ends otherwise."""
    head = (",".join(COLUMNS) + "\n").encode()
    for raw in (tail, head + tail):
        with suppress(NotAStatement):
            assert DAY == DtOne.read_statement(raw, DAY).day
