"""What comes next in a case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.nexts import Next, next_act
from shared.policy import Callback

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
RULE = Callback.model_validate({"cutoff": "18:00", "attempts": 3, "spacing_minutes": 30})
FRESH = Case(
    case_id=uuid4(), submission_id=uuid4(), incident_id=uuid4(), kind="complaint", unit_code="n1",
    urgent=False, language="zh", received_at=NOON, opened_at=NOON, callback_due_at=NOON,
    verification_due_at=NOON, callback_state="open",
)  # fmt: skip


def ago(*minutes: int) -> list[datetime]:
    """So many minutes before noon, the oldest first."""
    return [NOON - timedelta(minutes=m) for m in sorted(minutes, reverse=True)]


@pytest.mark.parametrize(
    ("calls", "then"),
    [
        ([], Next("call", 1)),
        (ago(31), Next("call", 2)),
        (ago(30), Next("call", 2)),
        (ago(29), Next("call_after", 2, NOON + timedelta(minutes=1))),
        (ago(100, 90, 40), Next("call", 3)),  # the second came too soon to count
        (ago(10, 100), Next("call_after", 3, NOON + timedelta(minutes=20))),
    ],
)
def test_a_call_comes_first(calls: list[datetime], then: Next) -> None:
    """Which call it is, and when the next one counts (rule 4)."""
    assert then == next_act(FRESH, calls, RULE, NOON, calling=True)


@pytest.mark.parametrize(
    ("changed", "then", "at_the_unit"),
    [
        ({}, "call", "check"),
        ({"callback_state": "reached"}, "check", "check"),
        ({"callback_state": "no_phone"}, "check", "check"),
        ({"state": "verified"}, "call", "called_above"),
        ({"state": "in_review", "callback_state": "unreached"}, "review", "review"),
        ({"state": "verified", "callback_state": "reached", "review_pending": True}, "review",
         "review"),
        ({"state": "verified", "callback_state": "reached"}, "none", "none"),
    ],
)  # fmt: skip
def test_what_comes_next(changed: dict[str, Any], then: str, at_the_unit: str) -> None:
    """Call, check, second look; a unit never calls about itself."""
    case = replace(FRESH, **changed)
    assert then == next_act(case, [], RULE, NOON, calling=True).act
    assert at_the_unit == next_act(case, [], RULE, NOON, calling=False).act


def test_calls_before_a_case_was_opened_again_do_not_count() -> None:
    """Who was not content is called anew."""
    again = replace(FRESH, reopened_at=NOON - timedelta(minutes=50))
    assert Next("call", 2) == next_act(again, ago(200, 100, 40), RULE, NOON, calling=True)
