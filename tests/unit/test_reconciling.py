"""R11: every change of a clean statement is found, and called by its name."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.providers.protocol import StatementRow
from services.rewards.rules.reconciling import Difference, Kind, Ours, Wallet, compare, sums

OPENED = datetime(2026, 3, 2, 16, tzinfo=UTC)
OPENING = 10_000_000
Rows = list[StatementRow]
Mutation = Callable[[Rows, int], Rows]


def ours(number: int, minute: int, outcome: str) -> Ours:
    """An order of that day in our ledger, sent and ended within a minute."""
    at = OPENED + timedelta(minutes=minute)
    ended = at + timedelta(minutes=1)
    return Ours(f"order{number:03}", UUID(int=number), "6020", 2000, outcome, at, ended)


def told(order: Ours) -> Rows:
    """What the vendor's statement has of it."""
    assert order.closed_at is not None
    row = StatementRow(order.order_id, "paid", f"ref-{order.order_id}", "6020", 2000,
                       order.closed_at)  # fmt: skip
    return [row, replace(row, outcome="reversed")] if order.outcome == "reversed" else [row]


BOOKS = st.lists(
    st.tuples(st.integers(0, 24 * 60 - 2), st.sampled_from(["paid", "paid", "reversed"])),
    min_size=1,
    max_size=12,
).map(lambda drawn: [ours(n, minute, outcome) for n, (minute, outcome) in enumerate(drawn)])


def wallet(rows: Sequence[StatementRow], wrong: int = 0, topped_up: int = 0) -> Wallet:
    """What the vendor says of it, right but for so many fen."""
    paid, refunded = sums(rows)
    closing = OPENING - paid + refunded + topped_up + wrong
    return Wallet(OPENING, closing, topped_up, OPENING)


def found(books: Sequence[Ours], rows: Sequence[StatementRow], says: Wallet) -> list[Difference]:
    """As a run compares them."""
    return compare(rows, {order.order_id: order for order in books}, books, says)


@given(BOOKS, st.integers(0, 10**9))
def test_a_clean_statement_has_no_difference(books: list[Ours], topped_up: int) -> None:
    """Whatever was paid and taken back that day, and however much came into the wallet."""
    rows = [row for order in books for row in told(order)]
    assert [] == found(books, rows, wallet(rows, topped_up=topped_up))


def changed(**values: object) -> Mutation:
    """A row with something else in it."""
    return lambda rows, n: [*rows[:n], replace(rows[n], **values), *rows[n + 1 :]]  # type: ignore[arg-type]


def shifted(hours: int) -> Mutation:
    """A row of another time."""
    return lambda rows, n: changed(at=rows[n].at + timedelta(hours=hours))(rows, n)


MUTATIONS: dict[str, tuple[Mutation, Kind]] = {
    "left out": (lambda rows, n: rows[:n] + rows[n + 1 :], "missing_there"),
    "invented": (lambda rows, n: [*rows, replace(rows[n], order_id="strange1")], "unknown_order"),
    "renamed": (changed(order_id="strange2"), "unknown_order"),
    "said twice": (lambda rows, n: [*rows, rows[n]], "double"),
    "done twice": (lambda rows, n: [*rows, replace(rows[n], vendor_ref="other")], "double"),
    "more": (changed(amount_fen=2001), "amount"),
    "less": (changed(amount_fen=1), "amount"),
    "other product": (changed(product="6050"), "product"),
    "our clock for theirs": (shifted(8), "wrong_day"),
    "their clock for ours": (shifted(-8), "wrong_day"),
    "the day after": (shifted(24), "wrong_day"),
}


@given(BOOKS, st.sampled_from(sorted(MUTATIONS)), st.integers(0, 100))
def test_every_mutation_is_found_and_called_by_its_name(
    books: list[Ours], name: str, place: int
) -> None:
    """One row changed: the difference is there, of its kind and of that order."""
    rows = [row for order in books for row in told(order)]
    mutate, kind = MUTATIONS[name]
    number = place % len(rows)
    mutated = mutate(rows, number)
    differences = found(books, mutated, wallet(mutated))
    order_id = {"invented": "strange1", "renamed": "strange2"}.get(name, rows[number].order_id)
    assert (kind, order_id) in {(one.kind, one.order_id) for one in differences}


@given(BOOKS, st.integers(0, 100), st.sampled_from([None, "rejected"]))
def test_what_we_do_not_know_is_found(books: list[Ours], place: int, outcome: str | None) -> None:
    """The vendor carried it out; for us it is open, or failed."""
    rows = [row for order in books for row in told(order)]
    order = books[place % len(books)]
    closed = order.closed_at if outcome else None
    there = [replace(one, outcome=outcome, closed_at=closed) if one == order else one
             for one in books]  # fmt: skip
    kind: Kind = "state" if outcome else "missing_here"
    assert [(kind, order.order_id)] == [
        (one.kind, one.order_id) for one in found(there, rows, wallet(rows))
    ]


@given(BOOKS, st.integers(-(10**9), 10**9).filter(bool))
def test_a_wallet_that_does_not_add_up_is_found(books: list[Ours], wrong: int) -> None:
    """By a fen or a million, above or below; and a morning that is not the evening before."""
    rows = [row for order in books for row in told(order)]
    (one,) = found(books, rows, wallet(rows, wrong))
    assert ("balance", -wrong) == (
        one.kind,
        int(one.facts["due_fen"]) - int(one.facts["closing_fen"]),
    )
    (other,) = found(books, rows, replace(wallet(rows), closed_before_fen=OPENING + wrong))
    assert ("balance", OPENING + wrong) == (other.kind, other.facts["before_fen"])


def test_a_reversal_of_which_we_do_not_know_is_a_state() -> None:
    """Paid for us, taken back for the vendor."""
    order = ours(1, 5, "paid")
    rows = told(replace(order, outcome="reversed"))
    assert ["state"] == [one.kind for one in found([order], rows, wallet(rows))]


def test_five_to_midnight_may_be_the_next_day() -> None:
    """Clocks differ by less than an hour: that is no difference; by more it is."""
    order = ours(1, 24 * 60 - 2, "paid")
    (row,) = told(order)
    near = [replace(row, at=row.at + timedelta(minutes=59))]
    far = [replace(row, at=row.at + timedelta(minutes=61))]
    assert [] == found([order], near, wallet(near))
    assert ["wrong_day"] == [one.kind for one in found([order], far, wallet(far))]


def test_two_transactions_on_two_days_are_double() -> None:
    """The one of the day before stands on another statement."""
    order = replace(ours(1, 5, "paid"), lines=frozenset({("paid", "elsewhere")}))
    rows = told(order)
    assert ["double"] == [one.kind for one in found([order], rows, wallet(rows))]


def test_a_vendor_that_tells_no_balance_is_not_doubted() -> None:
    """Nothing to add up, nothing to find; an order without a product fits any."""
    order = replace(ours(1, 5, "paid"), product="")
    assert [] == found([order], told(order), Wallet())
