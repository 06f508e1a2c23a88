"""Who makes events rests while the relay is behind, and only then."""

import pytest

from shared.bus.pace import MOST_REST, Pace


@pytest.mark.parametrize(
    ("ages", "rest"),
    [
        ([], 0.0),
        ([9.0, 8.0], 0.0),  # that was all
        ([0.4, 0.3, 0.2], 0.0),
        ([0.9, 0.8, 0.75], MOST_REST / 2),
        ([7200.0, 3600.0, 1.0], MOST_REST),
        ([7200.0, 3600.0, 0.1], 0.0),  # two that nobody takes
    ],
)
def test_rest_follows_the_youngest_of_a_full_lease(ages: list[float], rest: float) -> None:
    """Nothing left behind, young enough, or stuck alone: no rest; else longer, up to a limit."""
    pace = Pace()
    pace.leased(ages, 3)
    assert rest == pytest.approx(pace.rest)
