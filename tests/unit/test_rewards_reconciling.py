"""The vendor's statement against our orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.providers.dtone_statement import NotAStatement, read_statement
from services.rewards.rules.reconciling import Line, Mismatch, reconcile

HEAD = "transaction_id,external_id,time,status,product_id,mobile_number,amount,currency"
BOOKS = st.lists(
    st.builds(
        Line,
        st.text("abcdef0123456789", min_size=1, max_size=8),
        st.sampled_from(["paid", "reversed"]),
        st.integers(1, 10_000),
    ),
    unique_by=lambda line: (line.order_id, line.entry),
    min_size=1,
)


@given(BOOKS)
def test_equal_books_have_no_mismatch(book: list[Line]) -> None:
    """In any order."""
    assert [] == reconcile(book, reversed(book))


@given(BOOKS, st.data())
def test_every_seeded_mismatch_is_found(book: list[Line], data: st.DataObject) -> None:
    """A line left out, invented, changed or repeated is found, and only that one."""
    victim = data.draw(st.sampled_from(book))
    rest = [line for line in book if line != victim]
    key = (victim.order_id, victim.entry)
    fen = victim.amount_fen
    assert [Mismatch(*key, "not_on_statement", fen, None)] == reconcile(book, rest)
    assert [Mismatch(*key, "not_in_book", None, fen)] == reconcile(rest, book)
    assert [Mismatch(*key, "listed_twice", fen, fen)] == reconcile(book, [*book, victim])
    changed = [*rest, Line(*key, fen + 1)]
    assert [Mismatch(*key, "amount_differs", fen, fen + 1)] == reconcile(book, changed)


def test_a_statement_is_read() -> None:
    """Payments and reversals in fen, by our order id."""
    rows = [
        HEAD,
        "1,a,2026-03-03 10:00:00,COMPLETED,6020,+8613800004488,20.00,CNY",
        "1,a,2026-03-03 11:00:00,REVERSED,6020,+8613800004488,-20.00,CNY",
    ]
    assert [Line("a", "paid", 2000), Line("a", "reversed", 2000)] == read_statement(rows)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("1,a,t,NEW,6020,p,20.00,CNY", "status"),
        ("1,a,t,COMPLETED,6020,p,20.00,USD", "currency"),
        ("1,a,t,COMPLETED,6020,p,twenty,CNY", "amount"),
        ("1,a,t,COMPLETED,6020,p,-20.00,CNY", "reversal"),
        ("1,a,t,REVERSED,6020,p,20.00,CNY", "reversal"),
        ("1,a", "status"),
    ],
)
def test_a_wrong_line_is_named(row: str, wrong: str) -> None:
    """Nothing is skipped: the first wrong line stops the reading, with its number."""
    with pytest.raises(NotAStatement, match=rf"line 2: .*{wrong}"):
        read_statement([HEAD, row])


def test_another_file_is_refused() -> None:
    """Without the columns there is no statement."""
    with pytest.raises(NotAStatement, match="no column amount, currency"):
        read_statement(["external_id,status", "a,COMPLETED"])
