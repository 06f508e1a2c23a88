"""`make chaos` in short: a few named deaths, a machine that vanishes, and the whole recount."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos import run, table
from tests.chaos.phases import Measure

SHORT = Measure(
    times=2,
    most_seconds=120,
    vanished_seconds=8,
    at_once=4,
    purposes=(
        "intake: commit of submissions",
        "reward: order",
        "reward: commit of an order's answer",
    ),
)


@pytest.mark.timeout(600)
async def test_deaths_at_named_points_and_a_vanishing_machine_lose_nothing(tmp_path: Path) -> None:
    """Every point is hit, a decision is cut off from its database, and all witnesses agree."""
    session = {"MASHANG_CHAOS_SESSION": "4"}
    city, outcomes = await run.play(
        tmp_path, ["points", "vanish"], SHORT, Console(stderr=True), **session
    )
    assert {} == {name: n for one in outcomes for name, n in one.faults.items() if n}
    hits = table.hits(city.tally, SHORT)
    assert {} == {name: counts for name, counts in hits.items() if counts[1] < counts[0]}
    expected = {"vanished in a decision": 1, "locks held for ever": 0, "replayed by hand": 0}
    assert expected == outcomes[1].did
