"""When an SMS may leave: quiet hours to the minute in any zone, and a day's money to the fen."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.rules import sparing
from services.notifications.rules.messages import Purpose
from services.notifications.rules.sparing import URGENT, Sparing, Spent, Thrift
from shared import policy
from shared.policy.messages import Messages

RULE = Messages(day_fen=100, reserve_fen=50)
AWAKE, ASLEEP = Sparing(RULE, quiet=False), Sparing(RULE, quiet=True)
SHANGHAI = policy.load(Path("deploy/policies/article.toml")).editions[-1]
LONDON = policy.load(Path("deploy/policies/complaints-uk.toml")).editions[-1]


@pytest.mark.parametrize(
    ("preset", "at", "quiet", "wakes"),
    [
        ("article", "2026-05-06T21:59:59.999999+08:00", False, None),
        ("article", "2026-05-06T22:00:00+08:00", True, "2026-05-07T08:00+08:00"),
        ("article", "2026-05-07T00:00:00+08:00", True, "2026-05-07T08:00+08:00"),
        ("article", "2026-05-07T07:59:59.999999+08:00", True, "2026-05-07T08:00+08:00"),
        ("article", "2026-05-07T08:00:00+08:00", False, None),
        # By the clocks in London, which are put forward on 29 March and back on 25 October.
        ("complaints-uk", "2026-03-28T21:00:00+00:00", True, "2026-03-29T07:00+00:00"),
        ("complaints-uk", "2026-03-29T06:59:00+00:00", True, "2026-03-29T07:00+00:00"),
        ("complaints-uk", "2026-03-29T07:00:00+00:00", False, None),
        ("complaints-uk", "2026-03-29T19:59:00+00:00", False, None),
        ("complaints-uk", "2026-03-29T20:00:00+00:00", True, "2026-03-30T07:00+00:00"),
        ("complaints-uk", "2026-10-24T20:00:00+00:00", True, "2026-10-25T08:00+00:00"),
        ("complaints-uk", "2026-10-25T07:59:00+00:00", True, "2026-10-25T08:00+00:00"),
        ("complaints-uk", "2026-10-25T20:59:00+00:00", False, None),
    ],
)
def test_quiet_hours_begin_and_end_to_the_minute(
    preset: str, at: str, quiet: bool, wakes: str | None
) -> None:
    """The first moment is quiet, the last is not, on days that are longer or shorter as well."""
    edition = {"article": SHANGHAI, "complaints-uk": LONDON}[preset]
    moment = datetime.fromisoformat(at)
    assert quiet == edition.messages.is_quiet(moment, edition.zone)
    if wakes:
        wanted = datetime.fromisoformat(wakes).astimezone(UTC)
        assert wanted == edition.messages.wakes(moment, edition.zone)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.times(),
)
def test_quiet_hours_end_when_they_say(at: datetime, begin: time, end: time) -> None:
    """Whatever the two times: never more than a day, and then it is quiet no longer."""
    rule = Messages(quiet_from=begin.replace(second=0, microsecond=0), quiet_until=end)
    if rule.is_quiet(at, SHANGHAI.zone):
        wakes = rule.wakes(at, SHANGHAI.zone)
        assert at < wakes <= at + timedelta(days=1)
        assert not rule.is_quiet(wakes, SHANGHAI.zone)


def test_two_equal_times_are_no_quiet_hours() -> None:
    """From a time to itself is nothing, and not the whole day."""
    rule = Messages(quiet_from=time(8), quiet_until=time(8))
    assert not rule.is_quiet(datetime(2026, 5, 6, 0, 0, tzinfo=UTC), SHANGHAI.zone)


@pytest.mark.parametrize("purpose", get_args(Purpose))
def test_at_night_only_codes_and_urgent_pages_go(purpose: Purpose) -> None:
    """Everything else waits, and a person is told for what."""
    assert (None if purpose in URGENT else "quiet") == sparing.waits(ASLEEP, Spent(), 5, purpose)


@pytest.mark.parametrize(
    ("spent", "fen", "others", "urgent"),
    [
        (Spent(), 10, 10, 15),
        (Spent(95), 10, 0, 5),
        (Spent(90, 50), 10, 1, 1),
        (Spent(100, 50), 10, 0, 0),
        (Spent(500, 500), 10, 0, 0),
        (Spent(0, 45), 10, 10, 10),
        (Spent(500, 500), 0, None, None),
    ],
)
def test_what_a_day_may_cost(
    spent: Spent, fen: int, others: int | None, urgent: int | None
) -> None:
    """Nobody but codes and urgent pages opens the reserve; what is free is never counted."""
    assert others == sparing.room(AWAKE, spent, fen, urgent=False)
    assert urgent == sparing.room(AWAKE, spent, fen, urgent=True)


@given(st.integers(0, 120), st.integers(0, 60), st.integers(1, 20), st.integers(0, 30))
def test_no_purse_is_overdrawn(day: int, reserve: int, fen: int, wanted: int) -> None:
    """However many leave together, neither purse goes over its most by them."""
    spent = Spent(day, reserve)
    many = min(wanted, sparing.room(AWAKE, spent, fen, urgent=True) or 0)
    paid = sparing.from_reserve(AWAKE, spent, fen, many)
    assert reserve + paid * fen <= max(reserve, RULE.reserve_fen)
    assert day + (many - paid) * fen <= max(day, RULE.day_fen)


@pytest.mark.parametrize(
    ("spent", "purpose", "why"),
    [
        (Spent(100), "thanks", "over_cap"),
        (Spent(100), "code", None),
        (Spent(100, 50), "urgent", "reserve_gone"),
        (Spent(95), "thanks", None),
    ],
)
def test_a_person_is_told_what_an_sms_waits_for(spent: Spent, purpose: Purpose, why: str) -> None:
    """The day's money, or the reserve."""
    assert why == sparing.waits(AWAKE, spent, 5, purpose)


def test_against_a_sandbox_nothing_waits_for_hours() -> None:
    """Its people do not sleep, and rest from nothing; the price counts all the same."""
    night = datetime(2026, 5, 6, 15, 0, tzinfo=UTC)
    policies = policy.load(Path("deploy/policies/article.toml"))
    terms = Thrift(policies, {"x": 5}, patient=False).terms("x", night)
    assert (5, False, timedelta()) == (terms.fen, terms.sparing.quiet, terms.sparing.rest)
    patient = Thrift(policies, {"x": 5}).terms("other", night)
    assert (0, True, timedelta(minutes=5)) == (
        patient.fen, patient.sparing.quiet, patient.sparing.rest
    )  # fmt: skip
