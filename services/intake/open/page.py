"""`/open` and the page that says what its numbers mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from services.intake.open import figures, sheets
from services.intake.open.figures import Figures, Seen
from services.intake.open.rules import charts
from services.intake.open.rules.tables import KINDS, STATES, Tables
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page

CHARTED, LISTED = 6, 13
PACED = ("on_time", "late", "waiting")


class MonthQuery(BaseModel):
    """Which month is looked at; the newest if it is none of those that there are."""

    month: str = ""


@dataclass(frozen=True)
class Asked:
    """Of those asked, how many told us, and how many of these said yes; None stays hidden."""

    about: str
    asked: int | None
    told: int | None
    yes: int | None

    @property
    def share(self) -> float | None:
        """Of those who told us."""
        return self.yes / self.told if self.yes is not None and self.told else None


@dataclass(frozen=True)
class OpenPage:
    """The handlers."""

    figures: Figures

    def endpoints(self) -> list[Endpoint]:
        """Both pages."""
        return [
            Endpoint("GET", "/open", self.show, "The open figures", PUBLIC, query=MonthQuery),
            Endpoint("GET", "/open/words", self.words, "What the open figures mean", PUBLIC),
        ]

    async def show(self, call: Call[None, MonthQuery]) -> Page:
        """The figures of a month, and how the last months went."""
        seen = await self.figures.read()
        if seen.empty:
            return Page("open_empty.html", {"units": seen.units})
        return Page("open.html", _values(seen, call.query.month))

    async def words(self, _: Call[None, None]) -> Page:
        """The data dictionary, to read."""
        return Page("open_words.html", {"columns": sheets.dictionary().columns})


def _values(seen: Seen, asked: str) -> dict[str, object]:
    tables = seen.tables
    chosen = _chosen(tables, asked)
    floor, sure = _sure(tables, chosen)
    return {
        "tables": tables,
        "chosen": chosen,
        "units": seen.units,
        "counted_at": seen.counted_at,
        "bars": charts.bars([tables.shown(m, "complaint", "received") for m in _charted(tables)]),
        "charted": _charted(tables),
        "rates": list(_rates(tables, chosen)),
        "floor": floor,
        "sure": sure,
        "kinds": KINDS,
        "names": ("received", *STATES),
        "paces": list(_paces(tables, chosen)),
        "rows": [*reversed(tables.months[-LISTED:]), None],
    }


def _chosen(tables: Tables, asked: str) -> date | None:
    """The month that was asked for, or the newest; None is all of them together."""
    named = {figures.name_of(row): row for row in figures.rows(tables)}
    return named.get(asked, tables.months[-1])


def _charted(tables: Tables) -> Sequence[date]:
    return tables.months[-CHARTED:]


def _rates(tables: Tables, row: date | None) -> Iterator[Asked]:
    """Reached, solved, satisfied; of complaints."""

    def of(*names: str) -> int | None:
        return tables.added(row, "complaint", *names)

    ended = ("call_on_time", "call_late", "call_unreached")
    yield Asked("reached", of("call_owed"), of(*ended), of(*ended[:2]))
    for about in ("solved", "satisfied"):
        said = of(f"{about}_yes", f"{about}_no")
        yield Asked(about, of("answered"), said, of(f"{about}_yes"))


@dataclass(frozen=True)
class Pace:
    """How many were in time, late, or not yet due."""

    about: str
    on_time: int | None
    late: int | None
    waiting: int | None

    @property
    def told(self) -> int | None:
        """How many were one or the other."""
        return None if self.on_time is None or self.late is None else self.on_time + self.late

    @property
    def share(self) -> float | None:
        """Of those that were one or the other, how many were in time."""
        return self.on_time / self.told if self.on_time is not None and self.told else None


def _paces(tables: Tables, row: date | None) -> Iterator[Pace]:
    for about, prefix in (("call", "call"), ("verification", "pace")):
        yield Pace(about, *_shown(tables, row, *(f"{prefix}_{name}" for name in PACED)))
    # By the calendar alone, as the newspaper told it.
    for about in ("same_day", "verified_same_day"):
        then, other = _shown(tables, row, about, f"~{about}")
        yield Pace(about, then, other, 0)


def _shown(tables: Tables, row: date | None, *names: str) -> list[int | None]:
    return [tables.shown(row, "complaint", name) for name in names]


def _sure(tables: Tables, row: date | None) -> tuple[int, list[tuple[object, charts.Range | None]]]:
    """Each source's row of satisfaction with its place in the chart, if it may be shown."""
    told = [one for one in figures.satisfaction(tables) if one.month == figures.name_of(row)]
    known = [
        (one.share, one.low, one.high)
        for one in told
        if one.share is not None and one.low is not None and one.high is not None
    ]
    floor, places = charts.ranges(known)
    found = iter(places)
    return floor, [(one, next(found) if one.share is not None else None) for one in told]
