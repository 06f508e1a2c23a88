"""All pools together fit the server, or a service says in one line that they do not."""

import pytest

from shared import budget
from shared.budget import Limits

PLENTY = Limits(server=200, reserved=3, role=-1, database=-1)
DEFAULT = Limits(server=100, reserved=3, role=-1, database=-1)


@pytest.mark.parametrize(
    ("limits", "pool_size", "instances", "problem"),
    [
        (PLENTY, 10, 1, ""),
        (PLENTY, 10, 3, ""),
        (DEFAULT, 10, 1, ""),
        (Limits(55, 0, -1, -1), 10, 1, ""),
        (Limits(54, 0, -1, -1), 10, 1, "5 services × 1 instances × 10 connections + 5"),
        (DEFAULT, 10, 2, "= 105, but PostgreSQL has 97"),
        (Limits(108, 3, -1, -1), 10, 2, ""),
        (Limits(110, 6, -1, -1), 10, 2, "has 104"),
        (Limits(200, 3, 19, -1), 10, 2, "= 20, but PostgreSQL allows the service's log-in 19"),
        (Limits(200, 3, 20, 20), 10, 2, ""),
        (Limits(200, 3, -1, 5), 10, 1, "the service's database 5"),
        (Limits(200, 3, 0, -1), 2, 1, "log-in 0"),
        # Limits on every log-in are the budget, whatever pools the others have.
        (Limits(100, 3, 18, -1, 5, 90), 10, 1, ""),
        (Limits(200, 3, 38, -1, 5, 190), 10, 2, ""),
        (Limits(200, 3, 60, -1, 5, 100), 30, 2, ""),
        (Limits(100, 3, 20, -1, 5, 100), 2, 1, "CONNECTION LIMITs of 5 log-ins + 5"),
        (
            Limits(100, 3, 18, -1, 5, 90),
            10,
            2,
            "= 20, but PostgreSQL allows the service's log-in 18",
        ),
        (Limits(100, 3, 18, -1, 4, 72), 10, 2, "= 105, but PostgreSQL has 97"),
    ],
)
def test_what_does_not_fit_is_said_with_its_numbers(
    limits: Limits, pool_size: int, instances: int, problem: str
) -> None:
    """The limit counts what the server keeps back; nothing is said of what fits."""
    said = budget.overdrawn(limits, pool_size, instances)
    assert bool(problem) == bool(said)
    assert problem in said
    assert "\n" not in said


@pytest.mark.parametrize("server", [20, 54, 97, 100, 200, 1000])
@pytest.mark.parametrize("reserved", [0, 3, 13])
def test_equal_shares_fit_together(server: int, reserved: int) -> None:
    """Limits of one share for every log-in never outgrow the server, and none is less than one."""
    share = Limits(server, reserved, -1, -1).share
    assert share >= 1
    limited = Limits(server, reserved, share, -1, 5, 5 * share)
    assert "" == budget.overdrawn(limited, share, 1) or server - reserved < 10


@pytest.mark.parametrize(
    ("limits", "workers", "problem"),
    [
        (PLENTY, 4, ""),
        (DEFAULT, 5, ""),
        (DEFAULT, 6, "(4 services and 6 workers of this one) × 1 instances × 10 connections + 5"),
        (Limits(200, 3, 38, -1, 5, 190), 3, ""),
        (Limits(200, 3, 38, -1, 5, 190), 4, "1 instances × 4 workers × 10 connections = 40, but"),
    ],
)
def test_each_worker_has_a_pool(limits: Limits, workers: int, problem: str) -> None:
    """Those of the service that has workers; the others are taken to have one each."""
    said = budget.overdrawn(limits, 10, 1, workers)
    assert bool(problem) == bool(said)
    assert problem in said
