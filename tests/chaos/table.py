"""The tables: how often each point was hit, and what the witnesses say after each phase."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from tests.chaos import points
from tests.chaos.phases import Measure
from tests.chaos.points import POINTS
from tests.chaos.run import Outcome
from tests.chaos.tally import Tally

ALLOWED_ABOVE_ZERO = (
    "deaths",
    "kills",
    "freezes",
    "minutes away",
    "vanished in a decision",
    "replayed by hand",
)


def hits(tally: Tally, measure: Measure) -> Mapping[str, tuple[int, int]]:
    """For each point how often it was wanted and really hit, over all services."""
    wanted = points.wanted(measure.times, measure.purposes)
    return {
        point.name: (
            sum(wanted[service][point.name] for service in point.services),
            sum(tally.hits(service, point.name) for service in point.services),
        )
        for point in POINTS
        if point.name in wanted[point.services[0]]
    }


def of_points(found: Mapping[str, tuple[int, int]]) -> Table:
    """A line for each purpose, its moments side by side."""
    table = Table("died around", "before", "sent", "after")
    for purpose in dict.fromkeys(point.purpose for point in POINTS if point.name in found):
        cells = [_hit(found.get(f"{edge} {purpose}")) for edge in ("before", "sent", "after")]
        table.add_row(purpose, *cells)
    return table


def _hit(counts: tuple[int, int] | None) -> str:
    if counts is None:
        return ""
    wanted, hit = counts
    return f"[green]{hit}" if hit >= wanted else f"[red]{hit} of {wanted}"


def of_phases(outcomes: Sequence[Outcome]) -> Table:
    """A column for each phase."""
    table = Table("", *(outcome.phase for outcome in outcomes))
    for name in dict.fromkeys(name for outcome in outcomes for name in outcome.did):
        table.add_row(name, *(_did(outcome, name) for outcome in outcomes))
    table.add_row("complaints filed", *(str(outcome.complaints) for outcome in outcomes))
    table.add_row("settled after, s", *(str(outcome.settled_seconds) for outcome in outcomes))
    table.add_section()
    for name in outcomes[0].faults:
        table.add_row(name, *(_marked(outcome.faults[name]) for outcome in outcomes))
    return table


def _did(outcome: Outcome, name: str) -> str:
    value = outcome.did.get(name, "")
    return f"[red]{value}" if is_fault(name, value) else str(value)


def is_fault(name: str, value: str | int) -> bool:
    """Whether what a phase did is a failure of it."""
    if name == "vanished in a decision":
        return value == 0
    return name not in ALLOWED_ABOVE_ZERO and value not in ("", 0)


def _marked(count: int) -> str:
    return f"[red]{count}" if count else "[green]0"


def failed(outcomes: Sequence[Outcome]) -> bool:
    """Whether anything is red."""
    return any(
        any(outcome.faults.values())
        or any(is_fault(name, value) for name, value in outcome.did.items())
        for outcome in outcomes
    )
