"""A word that is owed to the citizen: by the policy in force when the case was received."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.verification.casework.rules import answering, cases, promising, words
from services.verification.casework.rules.answering import Decider
from services.verification.casework.rules.cases import Case, CaseKind, State
from services.verification.casework.rules.promising import Word
from shared import policy
from shared.errors import Conflict
from shared.events import SubmissionReceived
from shared.policy import Policies, Policy
from shared.policy.waiting import Acknowledgement, Progress
from shared.values import clock

SHIPPED = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[-1]
NONE = SHIPPED.model_copy(update={"progress": Progress()})
# As in the United Kingdom: three working days to say that somebody has it.
BRITISH = SHIPPED.model_copy(
    update={"acknowledgement": Acknowledgement(working_days=3), "progress": Progress(every_days=20)}
)


def at(text: str) -> datetime:
    """A time at the bureau."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


MONDAY = at("2026-11-23T10:00")


def opened(rule: Policy, received: datetime = MONDAY, **changed: object) -> Case:
    """The case of a complaint."""
    event = SubmissionReceived.model_validate(
        {
            "submission_id": UUID(int=1), "kind": "complaint", "unit_code": "u",
            "satisfaction": 1, "words_sealed": "x", "received_at": received,
        } | changed
    )  # fmt: skip
    return cases.open_case(event, rule, UUID(int=2), received)


@pytest.mark.parametrize(
    ("rule", "changed", "owed", "due"),
    [
        (SHIPPED, {}, "progress", "2026-12-01T00:00"),
        (BRITISH, {}, "acknowledgement", "2026-11-27T00:00"),
        (BRITISH, {"kind": "rating", "words_sealed": None}, "progress", "2026-12-14T00:00"),
        (NONE, {}, None, None),
    ],
    ids=["ours", "acknowledged", "a bare rating", "no clock"],
)
def test_a_new_case_owes_what_its_policy_says(
    rule: Policy, changed: dict[str, Any], owed: str | None, due: str | None
) -> None:
    """Of a bare rating nobody waits to hear that somebody has it."""
    case = opened(rule, **changed)
    assert (owed, due and at(due), 0) == (case.word_owed, case.word_due_at, case.words_given)


def test_after_each_word_the_next_is_due() -> None:
    """An acknowledgement first, then a word each so many days, counted from the last."""
    case = words.given(opened(BRITISH), BRITISH, at("2026-11-24T09:00"))
    assert ("progress", at("2026-12-15T00:00"), 1) == (
        case.word_owed, case.word_due_at, case.words_given
    )  # fmt: skip
    late = words.given(case, BRITISH, at("2027-01-05T23:50"))
    assert (at("2027-01-26T00:00"), 2) == (late.word_due_at, late.words_given)


def test_whom_a_call_has_reached_knows_that_somebody_has_it() -> None:
    """Only that: how it goes on is owed as from the start."""
    known = words.spoken_with(opened(BRITISH), BRITISH)
    assert Word("progress", at("2026-12-14T00:00")) == (known.word_owed, known.word_due_at)
    ours = opened(SHIPPED)
    assert ours == words.spoken_with(ours, SHIPPED)


@pytest.mark.parametrize("state", ["open", "in_review", "verified"])
def test_a_case_that_is_opened_again_owes_a_word_again(state: State) -> None:
    """From the follow-up on, whatever was owed before."""
    case = replace(opened(SHIPPED), state=state, word_owed=None, word_due_at=None)
    again = answering.reopened(case, Decider("x", "unit_operator"), at("2026-12-31T18:30"), SHIPPED)
    assert ("progress", at("2027-01-08T00:00")) == (again.word_owed, again.word_due_at)


@pytest.mark.parametrize(
    ("kind", "state", "refused"),
    [
        ("complaint", "open", None),
        ("request", "in_review", None),
        ("complaint", "verified", "refused.word_answered"),
        ("pressure", "open", "refused.word_no_receipt"),
    ],
)
def test_a_word_is_for_who_waits(kind: CaseKind, state: State, refused: str | None) -> None:
    """Not after the answer, and not where there is no receipt."""
    case = replace(opened(SHIPPED), kind=kind, state=state)
    if refused is None:
        words.may_give(case)
        return
    with pytest.raises(Conflict) as told:
        words.may_give(case)
    assert refused == told.value.key


def test_a_report_of_pressure_owes_none() -> None:
    """Nobody looks for it on a receipt."""
    case = replace(opened(SHIPPED), kind="pressure", word_owed=None, word_due_at=None)
    assert case == words.opened_again(case, SHIPPED, MONDAY)


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-12-31T23:59:59", "2027-01-08T00:00"), ("2027-01-01T00:00", "2027-01-04T00:00")],
    ids=["the last second of the old", "the first of the new"],
)
def test_a_policy_that_changes_between_receipt_and_word_does_not_count(
    received: str, due: str
) -> None:
    """A case is judged by the policy in force when it was received, at 24:00 the next."""
    newer = SHIPPED.model_copy(
        update={"effective_from": at("2027-01-01T00:00").date(), "progress": Progress(every_days=2)}
    )
    rule = Policies([SHIPPED, newer]).at(at(received))
    assert at(due) == promising.progress(at(received), rule).due_at
