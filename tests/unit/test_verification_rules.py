"""Verification's decisions: what opens a case, callbacks, verdicts, access, lock-out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules import callbacks, cases, verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Draft
from services.verification.signin import rules as sign_in
from shared import access, policy
from shared.access import Operator, Role
from shared.errors import Conflict, Forbidden
from shared.events import Attribution, Kind, SubmissionReceived, Verdict

POLICY = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[0]
NOW = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
NEXT_DAY = datetime(2026, 5, 7, 16, 0, tzinfo=UTC)
SPACING = timedelta(minutes=30)


def submission(
    kind: Kind, satisfaction: int | None, words: bool, phone: bool
) -> SubmissionReceived:
    """What intake tells."""
    return SubmissionReceived(
        submission_id=uuid4(),
        kind=kind,
        unit_code="411724006",
        satisfaction=satisfaction,
        words_sealed="1.words" if words else None,
        phone_sealed="1.phone" if phone else None,
        received_at=NOW,
    )


def case(**changed: object) -> Case:
    """An open case."""
    made = cases.open_case(submission("complaint", 1, True, True), POLICY, uuid4(), NOW)
    return Case(**{**vars(made), **changed})


def draft(
    verdict: Verdict = "substantiated",
    attribution: Attribution = "unit",
    officers: tuple[str, ...] = (),
    categories: tuple[str, ...] = ("other",),
    finding: str = "查明",
    answer: str = "答复",
) -> Draft:
    """A verdict that is in order."""
    return Draft(verdict, attribution, officers, categories, finding, answer, 0)


def operator(role: Role, username: str = "someone", badge: str | None = None) -> Operator:
    """A signed-in user."""
    return Operator(username, username, role, "411700", badge)


@pytest.mark.parametrize(
    ("kind", "satisfaction", "words", "phone", "opens"),
    [
        ("complaint", None, False, False, True),
        ("request", 5, True, False, True),
        ("rating", 2, True, False, True),
        ("rating", 1, False, True, True),
        ("rating", 1, False, False, True),
        ("rating", 3, True, True, False),
        ("rating", None, True, True, False),
    ],
)
def test_what_opens_a_case(
    kind: Kind, satisfaction: int | None, words: bool, phone: bool, opens: bool
) -> None:
    """Complaints and requests always; a rating whenever it is bad, also a bare one."""
    assert opens == cases.opens_case(submission(kind, satisfaction, words, phone))


def test_a_case_without_phone_has_nothing_to_call() -> None:
    """The callback of a case without a phone is settled from the start."""
    made = cases.open_case(submission("complaint", 1, True, False), POLICY, uuid4(), NOW)
    assert "no_phone" == made.callback_state


@given(st.lists(st.integers(min_value=0, max_value=600), max_size=12))
def test_counted_attempts_are_spaced(minutes: list[int]) -> None:
    """However calls are spread, as many count as fit into the time with the spacing kept."""
    times = [NOW + timedelta(minutes=m) for m in minutes]
    counted = callbacks.count_spaced(times, SPACING)
    assert counted == callbacks.count_spaced(reversed(times), SPACING)
    assert (counted > 0) == bool(times)
    if times:
        assert counted <= 1 + (max(times) - min(times)) // SPACING


def test_which_calls_count_and_when_the_next_one_does() -> None:
    """The first always; one too soon does not, and moves nothing."""
    times = [NOW + timedelta(minutes=m) for m in (0, 10, 30, 59)]
    assert [True, False, True, False] == callbacks.counting(times, SPACING)
    assert NOW + timedelta(minutes=60) == callbacks.counts_from(times, SPACING)
    assert None is callbacks.counts_from([], SPACING)


@pytest.mark.parametrize("role", access.CASE_WORKERS)
def test_a_unit_makes_no_callback_about_itself(role: access.Role) -> None:
    """Rule 4: the county, the city or its inspection calls."""
    operator = access.Operator("x", "某", role, "anywhere")
    assert (role != "unit_operator") == callbacks.may_call(operator)


def test_a_later_call_may_still_reach() -> None:
    """Unreached is not the end: another call may reach the citizen, or leave it so."""
    earlier = [NOW + timedelta(hours=n) for n in range(3)]
    at = NOW + timedelta(hours=4)
    reached = callbacks.state_after("unreached", earlier, "reached", at, POLICY.callback)
    busy = callbacks.state_after("unreached", earlier, "busy", at, POLICY.callback)
    assert ("reached", "unreached") == (reached, busy)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (draft(), []),
        (draft(attribution="policy"), []),
        (draft(attribution="officers", officers=("170001",)), []),
        (draft("helped", "none", categories=()), []),
        (draft(attribution="none"), ["attribution_needed"]),
        (draft("helped", "unit"), ["attribution_none"]),
        (draft(attribution="officers"), ["officers_needed"]),
        (draft(officers=("170001",)), ["officers_unwanted"]),
        (draft(attribution="officers", officers=("999999",)), ["officers_unknown"]),
        (draft(attribution="officers", officers=("170002",)), ["officers_self"]),
        (replace(draft(), counters=(3,)), ["counters_unknown"]),
        (draft(categories=()), ["categories_needed"]),
        (draft(categories=("nonsense",)), ["categories_unknown"]),
        (draft(finding=" ", answer="x" * 4001), ["finding_needed", "text_too_long"]),
    ],
)
def test_what_a_verdict_needs(wanted: Draft, keys: list[str]) -> None:
    """Every fault of a verdict is found, and a sound one has none."""
    found = verdicts.wrongs(wanted, {"170001", "170002"}, POLICY.category_keys, {"170002"}, 2)
    assert keys == [wrong.key for wrong in found]


@pytest.mark.parametrize("drawn", [True, False])
def test_what_need_not_wait_is_final_and_perhaps_drawn(drawn: bool) -> None:
    """Such a verdict takes effect at once; a drawn one is due for the second look the next day."""
    step = verdicts.submitted(case(), POLICY, NOW, waits=False, drawn=drawn)
    assert ("verified", drawn) == (step.state, step.review_pending)
    assert (NEXT_DAY if drawn else None) == step.review_due_at


@pytest.mark.parametrize("drawn", [True, False])
def test_what_must_wait_is_not_final(drawn: bool) -> None:
    """It is in review, due at the end of the next day, drawn or not."""
    step = verdicts.submitted(case(), POLICY, NOW, waits=True, drawn=drawn)
    assert ("in_review", NEXT_DAY, False) == (step.state, step.review_due_at, step.review_pending)


def test_a_second_look_that_is_due_is_not_shaken_off() -> None:
    """Changing a drawn verdict before anybody has looked leaves the look due, and when it was."""
    drawn = case(state="verified", revision=1, review_pending=True, review_due_at=NOW)
    for waits in (True, False):
        step = verdicts.submitted(drawn, POLICY, NOW, waits=waits, drawn=False)
        assert NOW == step.review_due_at
        assert step.review_pending != waits


VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LISTED = POLICY.verification.second_review_verdicts


@given(
    st.sampled_from(VERDICTS),
    st.sampled_from(access.CASE_WORKERS),
    st.lists(st.sampled_from(VERDICTS)),
    st.booleans(),
    st.booleans(),
)
def test_what_must_wait(
    verdict: Verdict, author: Role, earlier: list[Verdict], confirmed: bool, joins: bool
) -> None:
    """The list's, what clears after something was found, what two had found, and every join.

    And what a unit says of itself to be no matter of its own.
    """
    past = verdicts.Past(tuple(earlier), confirmed)
    found = any(v in ("substantiated", "partly") for v in earlier)
    clears = found and verdict not in ("substantiated", "partly")
    passed_on = (verdict, author) == ("out_of_scope", "unit_operator")
    wanted = verdict in LISTED or clears or confirmed or joins or passed_on
    assert wanted == verdicts.must_wait(verdict, author, past, POLICY.verification, joins=joins)


def test_a_review_names_what_was_read() -> None:
    """A page that is a revision behind, or ahead, confirms nothing."""
    waiting = case(state="in_review", revision=2)
    for seen in (1, 3):
        with pytest.raises(Conflict, match="stale_revision"):
            verdicts.reviewed(waiting, "confirm", seen)
    assert "verified" == verdicts.reviewed(waiting, "confirm", 2).state


def test_who_may_submit_when() -> None:
    """Not during a review, not on an old revision, and over a final verdict only a supervisor."""
    clerk, chief = operator("unit_operator"), operator("county_supervisor")
    verdicts.may_submit(case(), clerk, 0)
    with pytest.raises(Conflict):
        verdicts.may_submit(case(revision=1), clerk, 0)
    with pytest.raises(Conflict):
        verdicts.may_submit(case(state="in_review", revision=1), chief, 1)
    with pytest.raises(Forbidden):
        verdicts.may_submit(case(state="verified", revision=1), clerk, 1)
    verdicts.may_submit(case(state="verified", revision=1), chief, 1)


@pytest.mark.parametrize(
    ("reviewer", "author", "may"),
    [
        ("unit_operator", "unit_operator", False),
        ("county_supervisor", "unit_operator", True),
        ("county_supervisor", "county_supervisor", False),
        ("county_supervisor", "city_supervisor", False),
        ("city_supervisor", "county_supervisor", True),
        ("city_supervisor", "city_supervisor", True),
        ("auditor", "unit_operator", False),
        ("system_admin", "unit_operator", False),
    ],
)
def test_who_may_review_whom(reviewer: Role, author: Role, may: bool) -> None:
    """The level above reviews; the city reviews its own by another person; nobody themselves."""
    assert may == access.may_review(operator(reviewer), "author", author)
    assert not access.may_review(operator(reviewer, "author"), "author", author)


def test_locks_grow_and_end() -> None:
    """Four failures cost nothing, the fifth half a minute, and it never grows past half an hour."""
    seconds = [sign_in.lock_for(n).total_seconds() for n in (0, 4, 5, 6, 7, 1000)]
    assert [0, 0, 30, 60, 120, 1800] == seconds
    assert 7 == sign_in.failures_now(7, NOW, NOW + timedelta(hours=23))
    assert 0 == sign_in.failures_now(7, NOW, NOW + timedelta(hours=24))
