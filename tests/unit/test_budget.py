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
