"""What follows from a vendor's answer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.rules import messages as rules
from services.notifications.rules.messages import FINAL, Limits, Standing, State
from shared.events import CaseVerified
from shared.values.phone import USES, Kind
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from tests.samples import SAMPLES

LIMITS = Limits()
SECOND = timedelta(seconds=1)


def standing(
    state: State = "sending",
    *,
    attempt: int = 1,
    repeats: int = 0,
    queries: int = 1,
    age: timedelta = SECOND,
    since_call: timedelta = SECOND,
) -> Standing:
    """A young message at its first call unless told otherwise."""
    return Standing(state, attempt, repeats, queries, age, since_call)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("1^0", "x"), "accepted"),
        (Done("1^0", "x"), "delivered"),
        (Rejected("x", False), "failed"),
        (TryLater("x", SECOND), "queued"),
        (Held("x"), "held"),
        (Unknown("x"), "unknown"),
        (NotFound(), "unknown"),
        (Reversed("1^0", "x"), "unknown"),
    ],
)
def test_each_answer_to_a_call_has_its_state(outcome: Outcome, state: State) -> None:
    """No two kinds of answer are confused."""
    assert state == rules.after_send(outcome, standing(), LIMITS).state


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Accepted("1^0", "x"), "accepted"),
        (Done("1^0", "x"), "delivered"),
        (Rejected("x", False), "failed"),
        (NotFound(), "unknown"),
        (TryLater("x", SECOND), "unknown"),
        (Held("x"), "unknown"),
        (Unknown("x"), "unknown"),
        (Reversed("1^0", "x"), "unknown"),
    ],
)
def test_each_answer_to_a_query_has_its_state(found: Outcome, state: State) -> None:
    """A young unknown message leaves that state only on the vendor's word."""
    assert state == rules.after_query(found, standing("unknown"), LIMITS).state


def test_an_unknown_message_is_repeated_only_late_enough() -> None:
    """Not listed counts only once the vendor has had time to list it."""
    early = standing("unknown", since_call=timedelta(seconds=59))
    late = standing("unknown", since_call=timedelta(seconds=60))
    assert "unknown" == rules.after_query(NotFound(), early, LIMITS).state
    repeated = rules.after_query(NotFound(), late, LIMITS)
    assert ("queued", True) == (repeated.state, repeated.repeat)


def test_repeats_end() -> None:
    """After the allowed repeats the message stays unknown until it is given up."""
    message = standing("unknown", repeats=LIMITS.repeats, since_call=timedelta(hours=1))
    assert "unknown" == rules.after_query(NotFound(), message, LIMITS).state


def test_an_accepted_message_is_never_repeated() -> None:
    """The vendor said that it has it, so a missing line in its list means nothing."""
    message = standing("accepted", since_call=timedelta(hours=1))
    assert "accepted" == rules.after_query(NotFound(), message, LIMITS).state


@pytest.mark.parametrize("state", ["accepted", "unknown"])
@pytest.mark.parametrize("found", [NotFound(), Unknown("x"), Accepted("1^0", "x")])
def test_without_any_word_it_is_given_up(state: State, found: Outcome) -> None:
    """After 72 hours the outcome is settled as unknown, and nothing is sent again."""
    message = standing(state, age=LIMITS.give_up, since_call=LIMITS.give_up)
    assert "lost" == rules.after_query(found, message, LIMITS).state
    assert "unknown" == FINAL["lost"]


def test_what_could_never_be_sent_fails_in_the_end() -> None:
    """A vendor that says "later" for 72 hours has refused."""
    message = standing(age=LIMITS.give_up)
    assert "failed" == rules.after_send(TryLater("x", SECOND), message, LIMITS).state


def test_the_vendors_pause_is_respected() -> None:
    """Back-off is at least what the code table says."""
    later = rules.after_send(TryLater("x", timedelta(hours=1)), standing(attempt=2), LIMITS)
    assert timedelta(hours=1) == later.wait


FOUND: st.SearchStrategy[Outcome] = st.sampled_from(
    [
        Accepted("1^0", "x"),
        Done("1^0", "x"),
        Rejected("x", False),
        NotFound(),
        TryLater("x", SECOND),
        Unknown("x"),
    ]
)


@given(
    FOUND,
    st.integers(0, 5),
    st.timedeltas(SECOND, timedelta(hours=100)),
    st.timedeltas(SECOND, timedelta(hours=100)),
)
def test_a_message_goes_back_to_queued_only_by_the_vendors_word(
    found: Outcome, repeats: int, age: timedelta, since_call: timedelta
) -> None:
    """Out of unknown a new call follows only a late "not found", and at most three times."""
    message = standing("unknown", repeats=repeats, age=age, since_call=since_call)
    if rules.after_query(found, message, LIMITS).state == "queued":
        assert (NotFound(), True) == (found, repeats < 3)
        assert since_call >= LIMITS.settle_after


@given(FOUND, st.integers(0, 30))
def test_an_open_message_is_always_looked_at_again(found: Outcome, queries: int) -> None:
    """Exactly the states with an end have no next look."""
    after = rules.after_query(found, standing("unknown", queries=queries), LIMITS)
    assert (after.state in FINAL) == (after.wait is None)


@pytest.mark.parametrize(
    ("kind", "phone", "wanted"),
    [("complaint", "sealed", True), ("complaint", None, False), ("request", "sealed", False)],
)
def test_thanks_are_for_complainants_with_a_phone(
    kind: str, phone: str | None, wanted: bool
) -> None:
    """Whatever the verdict, and only with a number to send it to."""
    now = datetime.now(UTC)
    event = CaseVerified.model_validate(
        {
            "case_id": UUID(int=1), "submission_id": UUID(int=1), "incident_id": UUID(int=1),
            "revision": 1, "kind": kind, "unit_code": "u", "categories": (),
            "verdict": "out_of_scope", "attribution": "none", "officers": (),
            "answer_sealed": None, "phone_sealed": phone, "phone_index": None, "language": "zh",
            "received_at": now, "verified_at": now,
        }
    )  # fmt: skip
    assert wanted == rules.wants_thanks(event, USES["mobile"] if phone else None)


@pytest.mark.parametrize("kind", USES)
def test_no_thanks_are_sent_where_no_sms_arrives(kind: Kind) -> None:
    """The vendor would refuse them, or take money for nothing; the citizen was told before."""
    (event,) = [sample for sample in SAMPLES if isinstance(sample, CaseVerified)]
    assert (kind in ("mobile", "virtual", "refused")) == rules.wants_thanks(event, USES[kind])
