"""Nobody works out of the open figures what they hide: not by sums, months, totals or downloads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.open.rules import releasing
from services.intake.open.rules.hiding import FEWEST
from services.intake.open.rules.solving import Sum, follows
from services.intake.open.rules.tables import Cell, Numbers, Tables, _sums

MONTHS = [date(2026, month, 1) for month in (5, 6, 7)]
Told = Mapping[str, int]


Ends = dict[Cell, tuple[int, int]]
MOST = 1000


@dataclass
class Reader:
    """Somebody who looks for another table that shows the same; knows nothing of how it is hidden.

    `sums` are the unknowns of each, with what they amount to.
    """

    actual: Mapping[Cell, int]
    sums: list[tuple[Mapping[Cell, int], int]] = field(default_factory=list)

    @classmethod
    def of(cls, tables: Tables) -> "Reader":
        """What is not shown of complaints, and what ties it together."""
        found = cls({cell: told.number for cell, told in tables.cells.items() if told.hidden})
        for one in _sums(tables.months):
            factors = {part: 1 for part in one.parts if part in found.actual}
            factors |= {one.whole: -1} if one.whole in found.actual else {}
            amount = sum(factor * found.actual[cell] for cell, factor in factors.items())
            found.sums.append((factors, amount))
        return found

    def other(self, cell: Cell) -> bool:
        """Whether the cell could be another number: then the table does not tell it."""
        steps = (step for size in range(1, 8) for step in (size, -size))
        could = (self.actual[cell] + step for step in steps)
        ends: Ends = dict.fromkeys(self.actual, (1, MOST))
        return any(self._settle(ends | {cell: (one, one)}) for one in could if one >= 1)

    def _settle(self, ends: Ends) -> bool:
        """Whether a whole table lies between these ends: close them in, then choose and go on."""
        if not self._close(ends):
            return False
        open_ones = [cell for cell, (low, high) in ends.items() if low < high]
        if not open_ones:
            return True
        cell = min(open_ones, key=lambda one: ends[one][1] - ends[one][0])
        near = sorted(range(ends[cell][0], ends[cell][1] + 1), key=self._far(cell))
        return any(self._settle({**ends, cell: (one, one)}) for one in near[:9])

    def _far(self, cell: Cell) -> Callable[[int], int]:
        return lambda number: abs(number - self.actual[cell])

    def _close(self, ends: Ends) -> bool:
        before: Ends = {}
        while before != ends:
            before = dict(ends)
            if not all(_close(ends, factors, amount) for factors, amount in self.sums):
                return False
        return True


def _close(ends: Ends, factors: Mapping[Cell, int], amount: int) -> bool:
    """Narrow the ends of a sum's unknowns to what the others leave; False where nothing is left."""
    own = {cell: ends[cell] if factors[cell] > 0 else _turned(ends[cell]) for cell in factors}
    least, most = (sum(one) for one in zip((0, 0), *own.values(), strict=True))
    for cell, (low, high) in own.items():
        left = max(low, amount - most + high), min(high, amount - least + low)
        if left[0] > left[1]:
            return False
        ends[cell] = left if factors[cell] > 0 else _turned(left)
    return True


def _turned(ends: tuple[int, int]) -> tuple[int, int]:
    return -ends[1], -ends[0]


some = st.one_of(st.integers(0, 6), st.integers(0, 60))


@st.composite
def month(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Complaints of a month with everything that is told of them, many numbers small."""
    names = ("state_open", "state_partly", "state_helped", "state_substantiated")
    row = {name: draw(some) for name in names}
    received, answered = sum(row.values()), sum(row.values()) - row["state_open"]
    late, none = draw(st.integers(0, received)), draw(st.integers(0, received))
    owed = received - none
    called = draw(st.integers(0, owed))
    yes = draw(st.integers(0, answered))
    row |= {"received": received, "pace_late": late, "pace_on_time": received - late}
    row |= {"call_none": none, "call_on_time": called, "call_waiting": owed - called}
    row |= {"verified_same_day": draw(st.integers(0, received))}
    row |= {"same_day": draw(st.integers(0, owed)), "extended": draw(st.integers(0, received))}
    row |= {"solved_yes": yes, "solved_no": draw(st.integers(0, answered - yes))}
    row |= {"paid": draw(st.integers(0, received))}
    return {("complaint", name): number for name, number in row.items()}


histories = st.lists(month(), min_size=1, max_size=3).map(
    lambda rows: dict(zip(MONTHS, rows, strict=False))
)


@given(histories)
@settings(max_examples=25, deadline=None)
def test_every_hidden_number_could_be_another(months: dict[date, Numbers]) -> None:
    """For each there is another table of which every shown number is the same."""
    tables = Tables.of(months)
    reader = Reader.of(tables)
    assert [] == [cell for cell in reader.actual if not reader.other(cell)]
    small = {cell for cell, told in tables.cells.items() if 0 < told.number < FEWEST}
    assert small <= set(reader.actual) | {c for c in small if c.name == "paid_fen"}


def test_two_sums_together_tell_what_neither_does() -> None:
    """Rows and columns whose hidden numbers are two each, and one of them is still the difference.

    a + b = 9 and b + c = 20 say nothing of a; with a + c = 21 they say all.
    """
    numbers = {"a": 5, "b": 4, "c": 16, "ab": 9, "bc": 20, "ac": 21}
    sums = [Sum("ab", ["a", "b"]), Sum("bc", ["b", "c"]), Sum("ac", ["a", "c"])]
    assert {"a", "b", "c"} == follows(numbers, {"a", "b", "c"}, sums)
    assert set() == follows(numbers, {"a", "b", "c"}, sums[:2])
    assert set() == follows(numbers, {"a", "b", "c", "ab"}, sums)


def test_five_that_are_five_together_are_one_each() -> None:
    """Nobody hides a zero, so the least that each can be is known."""
    ones = dict.fromkeys("abcde", 1) | {"all": 5}
    assert set("abcde") == follows(ones, set("abcde"), [Sum("all", list("abcde"))])


def published(before: Tables, counted: dict[date, Numbers], *, weekly: bool = False) -> Tables:
    """The tables after a count."""
    months = before.counted
    for day, row in counted.items():
        was = months.get(day, {})
        months[day] = releasing.renewed(was, row, releasing.fresh(was, row, weekly=weekly))
    return Tables.of(months, before.hiding)


def complaints(**numbers: int) -> dict[date, Numbers]:
    """A month of which so much is known."""
    received = sum(numbers.values())
    row = {f"state_{name}": number for name, number in numbers.items()}
    row |= {"received": received, "pace_on_time": received, "call_none": received}
    return {MONTHS[0]: {("complaint", name): number for name, number in row.items()}}


def test_a_difference_of_downloads_is_no_persons() -> None:
    """Four more complaints do not show; the fifth shows all five; on Monday the rest does."""
    first = published(Tables({}), complaints(open=20, helped=30))
    later = published(first, complaints(open=24, helped=30))
    assert first.cells == later.cells
    fifth = published(first, complaints(open=25, helped=30))
    assert 55 == fifth.shown(MONTHS[0], "complaint", "received")
    monday = published(first, complaints(open=24, helped=30), weekly=True)
    assert 54 == monday.shown(MONTHS[0], "complaint", "received")


def test_what_changes_its_state_is_counted_once() -> None:
    """Four answered change two numbers by four, and are four people."""
    assert 4 == releasing.moved({"state_open": 20}, {"state_open": 16, "state_helped": 4})
    assert 5 == releasing.moved({"state_open": 5}, dict.fromkeys(("state_partly",), 5))
    both = {"state_partly": 2, "state_helped": 3}
    assert 5 == releasing.moved({"state_open": 5}, both)
    assert 0 == releasing.moved({}, {})


def test_what_hid_another_yesterday_is_not_shown_today() -> None:
    """The 20 that hid 3 of 23 stay hidden while the 3 are small, though 9 would hide them now."""
    first = published(Tables({}), complaints(open=40, partly=3, helped=20))
    assert [None, None, 40] == [
        first.shown(MONTHS[0], "complaint", f"state_{name}")
        for name in ("partly", "helped", "open")
    ]
    later = published(first, complaints(open=40, partly=3, helped=20, unverifiable=9))
    assert later.shown(MONTHS[0], "complaint", "state_helped") is None
    grown = published(later, complaints(open=40, partly=8, helped=20, unverifiable=9))
    assert 20 == grown.shown(MONTHS[0], "complaint", "state_helped")


def test_no_month_ever_leaves_the_total() -> None:
    """Else yesterday's total less today's would be the month that left, with all it hides."""
    years = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(40)]
    tables = Tables.of({day: complaints(open=10, helped=10)[MONTHS[0]] for day in years})
    assert 40 == len(tables.months)
    assert 800 == tables.shown(None, "complaint", "received")
