"""The puzzle of a busy hour: whose solution counts, for what, and how long."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

import pytest

from services.intake.abuse.puzzles import LIFE, Puzzles, begins
from shared.values.seal import Seal

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
OURS = Puzzles(Seal({}, b"k" * 32))
KEY = "form:abcdefghijklmnop"
BITS = 6


def solve(puzzle: str) -> str:
    """As the browser does."""
    bits, _, mark = puzzle.split(".")
    for n in count():
        if begins(sha256(f"{mark}.{n}".encode()).digest(), int(bits)):
            return f"{puzzle}.{n}"
    raise AssertionError


PROOF = solve(OURS.ask(KEY, BITS, NOW))


def test_a_solution_counts_for_its_submission_and_its_time() -> None:
    """Under its own repeat key, as often as that is sent, until it is too old."""
    assert OURS.solved(KEY, PROOF, NOW)
    assert OURS.solved(KEY, PROOF, NOW + LIFE - timedelta(seconds=1))
    assert not OURS.solved(KEY, PROOF, NOW + LIFE)


def test_a_solution_serves_no_other_submission() -> None:
    """Whoever solved one has to solve the next one too."""
    assert not OURS.solved(KEY + "q", PROOF, NOW)


def test_a_puzzle_is_not_made_at_home() -> None:
    """Easier, longer, or under a key of one's own: the mark is another."""
    bits, until, mark, n = PROOF.split(".")
    assert not OURS.solved(KEY, f"1.{until}.{mark}.{n}", NOW)
    assert not OURS.solved(KEY, f"{bits}.{int(until) + 1}.{mark}.{n}", NOW)
    assert not OURS.solved(KEY, solve(Puzzles(Seal({}, b"x" * 32)).ask(KEY, BITS, NOW)), NOW)


def test_what_solves_nothing() -> None:
    """A number that is not a solution."""
    puzzle, _, n = PROOF.rpartition(".")
    wrong = next(
        m for m in range(int(n) + 1, 10**6)
        if not begins(sha256(f"{puzzle.split('.')[2]}.{m}".encode()).digest(), BITS)
    )  # fmt: skip
    assert not OURS.solved(KEY, f"{puzzle}.{wrong}", NOW)


@pytest.mark.parametrize(
    "proof",
    ["", ".", "...", "6", PROOF + ".1", PROOF + "\n", " " + PROOF, PROOF.rpartition(".")[0],
     PROOF.replace(".", "，"), f"６.{PROOF[2:]}", "9" * 5000, "\ud800", f"{PROOF[:-1]}-1"],
)  # fmt: skip
def test_garbage_is_no_solution(proof: str) -> None:
    """Whatever stands in the field, it is no failure of ours."""
    assert not OURS.solved(KEY, proof, NOW)


def test_bits_are_counted_from_the_left() -> None:
    """0x00, 0x1f: eleven."""
    digest = bytes([0, 0x1F]) + b"\xff" * 30
    assert [True, True, False, False] == [begins(digest, bits) for bits in (1, 11, 12, 24)]
