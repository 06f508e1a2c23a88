"""What is told before a verdict is submitted is what the policy then does."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.verification.casework.rules import consequences, differing
from services.verification.casework.rules.consequences import About, Told
from services.verification.casework.rules.verdicts import Ruling
from shared import policy
from shared.events import Verdict

POLICY = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[0]
NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
ABOUT = About("complaint", {"B": 1, "C": 2, "D": 3}, waits=False, sms=True, airtime=True)
BLAMED = Ruling("substantiated", "officers", ("A",), ("buck_passing", "other"))


def told(ruling: Ruling, about: About = ABOUT) -> dict[str, Told]:
    """By the end of their keys."""
    return {one.key: one for one in consequences.of(ruling, about, POLICY, NOON)}


def test_officers_are_marked_and_the_unit_pays() -> None:
    """Criticism, the largest category's points, a first strike, twenty yuan in two days, thanks."""
    found = told(BLAMED)
    assert ["criticism", "points", "strike", "reward", "thanks", "answer"] == list(found)
    assert {"points": "3.00"} == found["points"].values
    assert {"badge": "A", "number": 1, "n": 5} == found["strike"].values
    assert {"yuan": "20.00"} == found["reward"].values
    assert datetime(2026, 11, 28, 16, 0, tzinfo=UTC) == found["reward"].due_at


@pytest.mark.parametrize(
    ("badge", "sanction"), [("B", "accountability"), ("C", "transfer"), ("D", "leadership")]
)
def test_the_strike_that_crosses_a_line_says_so(badge: str, sanction: str) -> None:
    """The second is accountability, the third transfer, and beyond that leadership is told."""
    assert sanction in told(replace(BLAMED, officers=(badge,)))


def test_partly_costs_half_and_a_policy_nothing() -> None:
    """Half the points of the unit's own table; for a rule's fault no points and no mark."""
    partly = told(replace(BLAMED, verdict="partly", attribution="unit", officers=()))
    assert ("1.50", False) == (partly["points"].values["points"], "strike" in partly)
    rule = told(replace(BLAMED, attribution="policy", officers=()))
    assert (True, True, True) == ("no_points" in rule, "reward" in rule, "criticism" in rule)


@pytest.mark.parametrize("verdict", ["unsubstantiated", "helped", "unverifiable", "out_of_scope"])
def test_of_what_is_not_true_nothing_is_taken_or_paid(verdict: Verdict) -> None:
    """Thanks and the answer; and who must confirm it first, and by when."""
    waiting = told(Ruling(verdict, "none", (), ()), replace(ABOUT, waits=True))
    assert ["review", "thanks", "answer"] == list(waiting)
    assert datetime(2026, 11, 27, 16, 0, tzinfo=UTC) == waiting["review"].due_at


def test_who_cannot_be_paid_or_is_no_complainant() -> None:
    """A landline waits for another phone; a request has neither penalty nor reward."""
    landline = told(BLAMED, replace(ABOUT, sms=False, airtime=False))
    assert (True, False) == ("no_reward" in landline, "thanks" in landline)
    assert ["answer"] == list(told(BLAMED, replace(ABOUT, kind="request")))


def test_every_choice_is_told_before_one_is_made() -> None:
    """Nobody who has chosen nothing is told nothing."""
    for choice in consequences.CHOICES:
        assert "answer" in told(choice)
    assert "strike_each" in told(consequences.CHOICES[0])


def test_strikes_count_within_the_year_of_receipt() -> None:
    """The calendar year at the bureau, or the 365 days before, as the policy says."""
    since, until = consequences.window(NOON, POLICY)
    assert datetime(2025, 12, 31, 16, 0, tzinfo=UTC) == since
    assert datetime(2026, 12, 31, 16, 0, tzinfo=UTC) == until
    strikes = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    rolling = POLICY.model_copy(update={"strikes": strikes})
    assert (NOON - consequences.ROLLING, NOON) == consequences.window(NOON, rolling)


def test_sentences_of_one_text_only_are_marked() -> None:
    """Wherever they stand; nothing of the text is lost."""
    text, other = "看了录像。窗口无人。\n群众等了一小时", "窗口无人。看了录像。"
    found = differing.marked(text, other)
    assert text == "".join(piece for piece, _ in found)
    assert ["群众等了一小时"] == [piece for piece, only in found if only]


def test_a_verdict_keeps_only_what_it_needs() -> None:
    """What stands in a part that is not asked for is not meant."""
    whole = Ruling("substantiated", "officers", ("A",), ("other",), counters=(1,))
    cleared = replace(whole, verdict="helped").needed(("cold_attitude",))
    assert Ruling("helped", "none", (), ("cold_attitude",)) == cleared
    assert whole == whole.needed(())
    assert ((), (1,)) == _rest(replace(whole, attribution="unit").needed(()))
    assert ((), ()) == _rest(replace(whole, attribution="policy").needed(()))


def _rest(ruling: Ruling) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return ruling.officers, ruling.counters
