"""The open figures as they were published last, in rows for pages and files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.open import store, views
from services.intake.open.rules.tables import COUNTS, KINDS, SOURCES, Tables
from services.intake.open.rules.wilson import interval
from shared.db import Database
from shared.patience import within
from shared.policy import Policies

PATIENCE = 2.5
ALL = "all"


@dataclass(frozen=True)
class Seen:
    """The tables, of how many units, as of when."""

    tables: Tables
    units: int
    counted_at: datetime | None

    @property
    def empty(self) -> bool:
        """Whether nothing was counted yet."""
        return not self.tables.months


@dataclass(frozen=True)
class Figures:
    """Reads them; as quick with ten million cases as with none."""

    database: Database
    policies: Policies

    @property
    def timezone(self) -> str:
        """Whose months they are."""
        return self.policies.editions[-1].timezone

    async def read(self) -> Seen:
        """All months. Unavailable."""
        return await within(PATIENCE, self._read())

    async def _read(self) -> Seen:
        async with self.database.acquire() as conn:
            tables = await store.get_tables(conn)
            units, (_, counted_at) = await store.count_units(conn), await store.get_counted(conn)
        return Seen(tables, units, counted_at)

    async def open(self) -> views.Open:
        """All of them, for programs."""
        seen = await self.read()
        return views.Open(
            counted_at=seen.counted_at,
            timezone=self.timezone,
            units=seen.units,
            counts=list(counts(seen.tables)),
            satisfaction=list(satisfaction(seen.tables)),
        )


def rows(tables: Tables) -> Sequence[date | None]:
    """The months, and all of them together at the end; nothing where there is nothing."""
    return (*tables.months, None) if tables.months else ()


def name_of(row: date | None) -> str:
    """`2026-07`, or `all`."""
    return f"{row:%Y-%m}" if row else ALL


def counts(tables: Tables) -> Iterator[views.Counts]:
    """A row for each month and kind."""
    for row in rows(tables):
        for kind in KINDS:
            numbers = {name: tables.shown(row, kind, name) for name in COUNTS}
            yield views.Counts.model_validate({"month": name_of(row), "kind": kind, **numbers})


def satisfaction(tables: Tables) -> Iterator[views.Satisfaction]:
    """A row for each month and source."""
    for row in rows(tables):
        for source in SOURCES:
            drawn = tables.shown(row, "asked", "invited_drawn") if source == "invited" else 0
            rated = tables.shown(row, "asked", source)
            yes = tables.shown(row, "asked", f"{source}_yes")
            yield views.Satisfaction.model_validate(
                {"month": name_of(row), "source": source, "drawn": drawn, "rated": rated}
                | {"satisfied": yes, **_sure(yes, rated)}
            )


def _sure(yes: int | None, rated: int | None) -> dict[str, float | None]:
    if yes is None or not rated:
        return dict.fromkeys(("share", "low", "high"))
    low, high = interval(yes, rated) or (0.0, 1.0)
    return {"share": round(yes / rated, 4), "low": round(low, 4), "high": round(high, 4)}
