"""The public tables: which numbers they have, how these add up, and which of them stay hidden."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Self, get_args

from services.intake.open.rules.hiding import hidden, is_small
from services.intake.open.rules.solving import Sum
from shared.events import Verdict

KINDS = ("complaint", "request", "rating")
VERDICTS = get_args(Verdict)
STATES = ("open", *VERDICTS, "none")
CALLS = ("on_time", "late", "unreached", "waiting")
PACES = ("on_time", "late", "waiting", "none")
SAID = ("yes", "no", "silent")
# In this order they stand in every download.
COUNTS = (
    "received",
    *(f"state_{state}" for state in STATES),
    *(f"pace_{pace}" for pace in PACES),
    "verified_same_day",
    "extended",
    "call_owed",
    *(f"call_{call}" for call in CALLS),
    "call_none",
    "same_day",
    "answered",
    *(f"solved_{said}" for said in SAID),
    *(f"satisfied_{said}" for said in SAID),
    "paid",
    "paid_fen",
)
SOURCES = ("volunteered", "invited")
# What is a part of what, also parts that are not shown but follow from what is.
PARTS: Mapping[str, Sequence[Sequence[str]]] = {
    "received": (
        ("state_open", "state_none", "answered"),
        tuple(f"pace_{pace}" for pace in PACES),
        ("call_owed", "call_none"),
        ("verified_same_day", "~verified_same_day"),
        ("extended", "~extended"),
        ("paid", "~paid"),
    ),
    "call_owed": (tuple(f"call_{call}" for call in CALLS), ("same_day", "~same_day")),
    "answered": (
        tuple(f"state_{verdict}" for verdict in VERDICTS),
        tuple(f"solved_{said}" for said in SAID),
        tuple(f"satisfied_{said}" for said in SAID),
    ),
    **{source: ((f"{source}_yes", f"{source}_no"),) for source in SOURCES},
    "invited_drawn": (),
}
# A number's kind and name.
Place = tuple[str, str]
Numbers = Mapping[Place, int]


class Cell(NamedTuple):
    """A number's place; the row without a month is that of all months together."""

    month: date | None
    kind: str
    name: str


class Told(NamedTuple):
    """A number, and whether it stays hidden."""

    number: int
    hidden: bool


class Tables:
    """All numbers of some months and of these together, and which of them may be shown."""

    def __init__(self, cells: Mapping[Cell, Told]) -> None:
        self.cells = cells
        self.months = tuple(sorted({cell.month for cell in cells if cell.month}))

    @classmethod
    def of(cls, months: Mapping[date, Numbers], before: Collection[Cell] = ()) -> Self:
        """From what was counted; `before` are the cells that hid others until now."""
        numbers = dict(_cells(months))
        gone = hidden(numbers, list(_sums(sorted(months))), before)
        # Money is hidden with the number of payments.
        alike = {cell._replace(name="paid_fen") for cell in gone if cell.name == "paid"}
        return cls({cell: Told(n, cell in gone | alike) for cell, n in numbers.items()})

    @property
    def hiding(self) -> frozenset[Cell]:
        """What is hidden for others' sake."""
        return frozenset(
            c for c, told in self.cells.items() if told.hidden and not is_small(told.number)
        )

    @property
    def counted(self) -> dict[date, dict[Place, int]]:
        """The numbers of each month, hidden or not."""
        months: dict[date, dict[Place, int]] = {month: {} for month in self.months}
        for cell, told in self.cells.items():
            if cell.month:
                months[cell.month][cell.kind, cell.name] = told.number
        return months

    def shown(self, month: date | None, kind: str, name: str) -> int | None:
        """A number, or None where it stays hidden."""
        told = self.cells[Cell(month, kind, name)]
        return None if told.hidden else told.number

    def added(self, month: date | None, kind: str, *names: str) -> int | None:
        """What several shown numbers add up to; None where one of them stays hidden."""
        numbers = [self.shown(month, kind, name) for name in names]
        known = [number for number in numbers if number is not None]
        return sum(known) if len(known) == len(numbers) else None


def _cells(months: Mapping[date, Numbers]) -> Iterator[tuple[Cell, int]]:
    rows = {month: _row(numbers) for month, numbers in months.items()}
    for month, row in rows.items():
        yield from ((Cell(month, *place), number) for place, number in row.items())
    for place in _row({}):
        yield Cell(None, *place), sum(row[place] for row in rows.values())


def _row(told: Numbers) -> dict[Place, int]:
    """The numbers of a month, with those that follow from others."""
    row = {(kind, name): told.get((kind, name), 0) for kind in KINDS for name in COUNTS}
    for kind in KINDS:
        row[kind, "answered"] = sum(row[kind, f"state_{verdict}"] for verdict in VERDICTS)
        for asked in ("solved", "satisfied"):
            said = row[kind, f"{asked}_yes"] + row[kind, f"{asked}_no"]
            row[kind, f"{asked}_silent"] = row[kind, "answered"] - said
        row[kind, "call_owed"] = row[kind, "received"] - row[kind, "call_none"]
        row[kind, "~same_day"] = row[kind, "call_owed"] - row[kind, "same_day"]
        for name in ("verified_same_day", "extended", "paid"):
            row[kind, f"~{name}"] = row[kind, "received"] - row[kind, name]
    for source in SOURCES:
        both = [told.get(("asked", f"{source}_{said}"), 0) for said in ("yes", "no")]
        row["asked", f"{source}_yes"], row["asked", f"{source}_no"] = both
        row["asked", source] = sum(both)
    row["asked", "invited_drawn"] = told.get(("asked", "invited_drawn"), 0)
    return row


def _sums(months: Sequence[date]) -> Iterator[Sum[Cell]]:
    places = [place for place in _row({}) if place[1] != "paid_fen"]
    for kind, name in places:
        yield Sum(Cell(None, kind, name), [Cell(month, kind, name) for month in months])
        for row in (*months, None):
            for parts in PARTS.get(name, ()):
                yield Sum(Cell(row, kind, name), [Cell(row, kind, part) for part in parts])
