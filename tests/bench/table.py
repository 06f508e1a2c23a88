"""Pure: from the rounds' figures to medians, ratios and the printed table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Series:
    """What one contestant reached in each round, in events (or accepts) per second."""

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that ratios are made of."""
        return median(self.rates)

    @property
    def spread(self) -> str:
        """Slowest to fastest round."""
        return f"{min(self.rates):,.0f}-{max(self.rates):,.0f}"


@dataclass(frozen=True)
class Aim:
    """A goal: `ours` must reach `least` times the median of `rival`, or `least` alone.

    With `at_most` it must not pass it. Alone it is in the report's unit, unless it has its own.
    """

    label: str
    ours: str
    rival: str | None
    least: float
    at_most: bool = False
    unit: str | None = None

    def reached(self, medians: Mapping[str, float]) -> float:
        """The ratio, or our own rate where the goal names no rival."""
        return medians[self.ours] / (medians[self.rival] if self.rival else 1.0)

    def is_met(self, reached: float) -> bool:
        """Whether that is enough."""
        return reached <= self.least if self.at_most else reached >= self.least


@dataclass(frozen=True)
class Report:
    """One benchmark's outcome. `wrong` says what did not add up, so that the figures are void.

    `costs` are figures beside the rates, each with its unit in its name.
    """

    name: str
    title: str
    series: tuple[Series, ...]
    aims: tuple[Aim, ...]
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = field(default=())
    unit: str = "/s"
    costs: tuple[Series, ...] = ()

    @property
    def medians(self) -> dict[str, float]:
        """By contestant, and by cost."""
        return {series.name: series.median for series in (*self.series, *self.costs)}

    def verdicts(self) -> list[tuple[str, str, str, bool]]:
        """(goal, reached, aimed at, met) for each aim."""
        return [
            (
                aim.label,
                self._figure(reached, aim),
                self._figure(aim.least, aim),
                aim.is_met(reached),
            )
            for aim in self.aims
            for reached in [aim.reached(self.medians)]
        ]

    def _figure(self, value: float, aim: Aim) -> str:
        unit = self.unit if aim.unit is None else aim.unit
        return f"{value:.2f} x" if aim.rival else f"{value:,.0f}{unit}"

    def as_json(self) -> dict[str, Any]:
        """The same, for machines."""
        return {
            "title": self.title,
            "unit": self.unit.strip(),
            "rates": _as_json(self.series),
            "costs": _as_json(self.costs),
            "aims": [
                {"label": aim.label, "reached": round(reached, 3), "least": aim.least}
                for aim in self.aims
                for reached in [aim.reached(self.medians)]
            ],
            "notes": list(self.notes),
            "wrong": list(self.wrong),
        }


def _as_json(series: Sequence[Series]) -> dict[str, Any]:
    return {
        s.name: {"median": round(s.median, 1), "rounds": [round(rate, 1) for rate in s.rates]}
        for s in series
    }


def of_rounds(rounds: Sequence[Mapping[str, float]]) -> tuple[Series, ...]:
    """One series a contestant, from one mapping a round."""
    return tuple(Series(name, tuple(each[name] for each in rounds)) for name in rounds[0])


def rates_table(report: Report) -> Table:
    """Contestants side by side, each against the first."""
    table = Table(title=report.title, title_justify="left", title_style="bold")
    table.add_column("contestant")
    for heading in (f"median{report.unit}", "min-max", "of the first"):
        table.add_column(heading, justify="right")
    first = report.series[0].median
    for series in report.series:
        share = f"{series.median / first:.2f} x"
        table.add_row(series.name, f"{series.median:,.0f}", series.spread, share)
    return table


def costs_table(report: Report) -> Table:
    """What it cost."""
    table = Table("cost", show_edge=True)
    for heading in ("median", "min-max"):
        table.add_column(heading, justify="right")
    for series in report.costs:
        table.add_row(series.name, f"{series.median:,.0f}", series.spread)
    return table


def aims_table(report: Report) -> Table:
    """The goals, what was reached, and whether that is enough."""
    table = Table("goal", show_edge=True)
    for heading in ("reached", "aim"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for label, reached, least, met in report.verdicts():
        table.add_row(label, reached, least, "met" if met else "missed")
    return table
