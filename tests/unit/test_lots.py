"""The random review's lots: even, each day's own, and such that a shell draws them again."""

import subprocess
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import lots

pytestmark = pytest.mark.usefixtures("chance")
DAY = date(2026, 11, 26)
MANY = [lots.number_of(UUID(int=n)) for n in range(4000)]
seeds = st.text("0123456789abcdef", min_size=64, max_size=64)


def drawn(seed: str, drawn_for: str = "verdict", percent: int = 10) -> set[str]:
    """Whom a seed draws of many."""
    return {number for number in MANY if lots.is_drawn(seed, drawn_for, number, percent)}


@given(seeds, st.uuids(), st.integers(0, 100))
def test_a_lot_follows_from_seed_and_case(seed: str, submission_id: UUID, percent: int) -> None:
    """Drawn again it is the same; of none nobody is drawn, of a hundred everybody."""
    number = lots.number_of(submission_id)
    once, again = (lots.is_drawn(seed, "verdict", number, percent) for _ in range(2))
    assert once == again
    assert (percent == 100) <= once <= (percent > 0)


@given(seeds, st.uuids(), st.integers(0, 99))
def test_a_larger_share_only_adds(seed: str, submission_id: UUID, percent: int) -> None:
    """Whoever is drawn of ten per cent is drawn of twenty, too."""
    number = lots.number_of(submission_id)
    smaller, larger = (lots.is_drawn(seed, "verdict", number, p) for p in (percent, percent + 1))
    assert smaller <= larger


@pytest.mark.parametrize("percent", [1, 10, 30, 50])
@pytest.mark.parametrize("seed", ["a" * 64, "b" * 64, "0" * 64])
def test_lots_are_even(seed: str, percent: int) -> None:
    """So many of a hundred as the policy says, within four standard deviations."""
    expected, spread = len(MANY) * percent / 100, (len(MANY) * percent * (100 - percent)) ** 0.5
    assert abs(len(drawn(seed, percent=percent)) - expected) < 4 * spread / 100


def test_days_and_occasions_have_lots_of_their_own() -> None:
    """Who was drawn yesterday, or for a verdict, is no likelier today, or once withdrawn."""
    first = drawn("a" * 64)
    for other in (drawn("b" * 64), drawn("a" * 64, "withdrawn")):
        assert len(MANY) * 0.01 / 2 < len(first & other) < len(MANY) * 0.01 * 2


@given(seeds, seeds)
def test_a_commitment_fits_one_seed_of_one_day(one: str, other: str) -> None:
    """Another seed, or the same on another day, does not fit."""
    fits = lots.commitment(DAY, one)
    assert (one == other) == (fits == lots.commitment(DAY, other))
    assert fits != lots.commitment(date(2026, 11, 27), one)


def test_a_shell_draws_again() -> None:
    """As the public page says it: no language's own generator is needed."""
    number = MANY[7]
    digest = _sha256sum("c" * 64, "verdict", number)
    assert lots.lot("c" * 64, "verdict", number) == int(digest[:16], 16) % 100
    assert lots.commitment(DAY, "c" * 64) == _sha256sum(
        "mashang random review", "2026-11-26", "c" * 64
    )


def _sha256sum(*lines: str) -> str:
    said = ["sh", "-c", r"printf '%s\n%s\n%s' " + " ".join(f"'{one}'" for one in lines)
            + " | sha256sum"]  # fmt: skip
    return subprocess.run(said, capture_output=True, check=True, text=True).stdout.split()[0]
