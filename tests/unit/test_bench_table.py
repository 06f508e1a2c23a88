"""The arithmetic of the benchmarks: medians, ratios, verdicts."""

from io import StringIO
from typing import cast

import pytest
from rich.console import Console

from deploy.local.process import StartError
from tests.bench import generators
from tests.bench.accepts import BY_OURS, FASTAPI, Course, Run
from tests.bench.load import Crowd, Outcome
from tests.bench.parts import Spent
from tests.bench.servers import Lab
from tests.bench.table import (
    Aim,
    Report,
    Series,
    aims_table,
    costs_table,
    of_rounds,
    rates_table,
)

ROUNDS = [
    {"ours": 900.0, "theirs": 200.0},
    {"ours": 1000.0, "theirs": 250.0},
    {"ours": 100.0, "theirs": 300.0},
]


def report(*aims: Aim) -> Report:
    """Three rounds of two contestants."""
    return Report("demo", "a demo", of_rounds(ROUNDS), aims, ("a note",))


def test_the_median_shrugs_off_one_slow_round() -> None:
    """One round in which the machine was busy does not move the figure."""
    assert 900.0 == report().medians["ours"]
    assert "100-1,000" == report().series[0].spread


def test_each_contestant_keeps_its_rounds_in_order() -> None:
    """A series holds one figure for each round."""
    assert Series("theirs", (200.0, 250.0, 300.0)) == report().series[1]


@pytest.mark.parametrize(("least", "met"), [(3.6, True), (3.61, False)])
def test_a_ratio_is_made_of_medians(least: float, met: bool) -> None:
    """An aim against a rival compares medians, and is met when it is just reached."""
    assert [("ratio", "3.60 x", f"{least:.2f} x", met)] == report(
        Aim("ratio", "ours", "theirs", least)
    ).verdicts()


def test_a_goal_without_a_rival_is_a_rate() -> None:
    """An absolute goal compares our own median."""
    verdicts = report(Aim("rate", "ours", None, 5000)).verdicts()
    assert [("rate", "900/s", "5,000/s", False)] == verdicts


def test_the_json_holds_every_round_and_ratio() -> None:
    """Whoever reads the file can make the table again."""
    written = report(Aim("ratio", "ours", "theirs", 3)).as_json()
    assert {"median": 250.0, "rounds": [200.0, 250.0, 300.0]} == written["rates"]["theirs"]
    assert [{"label": "ratio", "reached": 3.6, "least": 3}] == written["aims"]


def test_the_tables_show_contestants_side_by_side() -> None:
    """The printed tables name every contestant, its share of the first, and the missed aim."""
    console = Console(file=StringIO(), width=100)
    shown = report(Aim("ratio", "ours", "theirs", 4))
    console.print(rates_table(shown), aims_table(shown))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("ours", "theirs", "0.28 x", "3.60 x", "missed"):
        assert words in printed


def test_the_generator_never_repeats_a_key() -> None:
    """Every request carries its own idempotency key, of a length that intake takes."""
    crowd = Crowd(8080, 1.0, [b"{}"])
    keys = {
        request.partition(b"Idempotency-Key: ")[2].split(b"\r\n")[0]
        for request in (crowd.request() for _ in range(100))
    }
    assert 100 == len(keys)
    assert {32} == {len(key) for key in keys}


def test_a_goal_may_be_a_limit() -> None:
    """What should be little is met from below, in its own unit."""
    limits = (
        Aim("few", "ours", None, 900.0, at_most=True),
        Aim("fewer", "ours", None, 899.0, True),
    )
    burnt = Report("idle", "idle", of_rounds(ROUNDS), limits, unit=" ms/min")
    assert [
        ("few", "900 ms/min", "900 ms/min", True),
        ("fewer", "900 ms/min", "899 ms/min", False),
    ] == (burnt.verdicts())


def test_a_cost_stands_beside_the_rates_and_has_its_own_unit() -> None:
    """A goal may be about a cost; table and file show it with its rounds."""
    costs = (Series("us an accept", (150.0, 210.0, 180.0)),)
    goal = Aim("us an accept", "us an accept", None, 200.0, at_most=True, unit=" us")
    shown = Report("demo", "a demo", of_rounds(ROUNDS), (goal,), costs=costs)
    assert [("us an accept", "180 us", "200 us", True)] == shown.verdicts()
    told = {"us an accept": {"median": 180.0, "rounds": [150.0, 210.0, 180.0]}}
    assert told == shown.as_json()["costs"]
    console = Console(file=StringIO(), width=100)
    console.print(costs_table(shown))
    assert "150-210" in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_was_taken_in_on_credit_does_not_count() -> None:
    """A run whose events waited longer than a second is named; a rival has no relay to wait for."""
    outcome = Outcome(900.0, 2700, {}, 1.0, 2.0)
    waited = [Run(outcome, Spent({}, oldest)) for oldest in (0.4, 1.6)]
    course = Course(cast(Lab, None), [], {BY_OURS: waited, FASTAPI: waited})
    assert [f"{BY_OURS}: an event waited 1.6 s, so its accepts do not count"] == course.late()


def test_wrk_says_what_it_lost() -> None:
    """Answers are split into accepted and refused; what is on its way at the end may be stored."""
    losses = '"refused": 20, "disconnected": 3'
    line = f'{{"answers": 900, {losses}, "seconds": 2.0, "p50": 1.5, "p99": 9.25}}'
    expected = Outcome(440.0, 880, {"refused": 20, "disconnected": 3}, 1.5, 9.25, unheard=64)
    assert expected == generators.read(line, 64)
    with pytest.raises(StartError, match="no figure: unable to connect"):
        generators.read("unable to connect", 64)
