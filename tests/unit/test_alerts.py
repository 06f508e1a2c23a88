"""When somebody is told of unpaid rewards: by day, once, and before any deadline."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.rules.alerts import EVER, Alert, Span, looked_at_until, span
from shared import policy
from shared.policy import Policy
from shared.values import clock

POLICY = policy.load(Path("deploy/policy.toml")).editions[-1]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)  # 12:00 at the bureau
MIDNIGHT = NOON + 12 * HOUR


def ruled(**changed: int) -> Policy:
    """The shipped policy with other numbers for alerts."""
    reward = POLICY.reward.model_copy(update=changed)
    return POLICY.model_copy(update={"reward": reward})


def told(at: datetime, rule: Policy = POLICY) -> Alert:
    """Somebody was told then."""
    return Alert(UUID(int=1), at, looked_at_until(at, rule), at)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        (NOON, None, Span(EVER, MIDNIGHT)),
        (NOON + 9 * HOUR, told(NOON), None),
        (MIDNIGHT, told(NOON), None),
        (MIDNIGHT + 8 * HOUR, told(NOON), Span(EVER, NOON + DAY + 8 * HOUR)),
        (NOON + 10 * HOUR, None, None),
    ],
)
def test_once_a_day_and_by_day(now: datetime, last: Alert | None, expected: Span | None) -> None:
    """Not twice on one day, not in the quiet hours, and the next morning again."""
    assert expected == span(now, POLICY, last)


def test_what_is_new_is_told_the_next_day_and_the_same_after_the_policys() -> None:
    """With three days between: what came into sight meanwhile does not wait for them."""
    rule = ruled(alert_again_days=3)
    last = told(NOON, rule)
    days = [span(NOON + n * DAY, rule, last) for n in range(4)]
    since = [one.since if one else None for one in days]
    assert [None, MIDNIGHT, MIDNIGHT, EVER] == since


@given(
    st.integers(3, 72),
    st.integers(1, 9),
    st.lists(st.integers(0, 12), min_size=1, max_size=6),
    st.integers(0, 59),
)
def test_nobody_misses_two_days_untold(hours: int, again: int, due: list[int], minute: int) -> None:
    """Looked at each half an hour, every reward is told of by day, before it is due."""
    rule, last = ruled(alert_hours=hours, alert_again_days=again), None
    deadlines = {MIDNIGHT + (4 + n) * DAY for n in due}
    seen: dict[datetime, datetime] = {}
    now, alerted = NOON + timedelta(minutes=minute), list[datetime]()
    while now < max(deadlines):
        told_of = span(now, rule, last)
        near = {one for one in deadlines if told_of and told_of.since < one <= told_of.until}
        if near:
            last = told(now, rule)
            alerted.append(now)
            listed = {one for one in deadlines if one <= last.until_at}
            seen = dict.fromkeys(listed, now) | seen
        now += HOUR / 2
    assert deadlines == seen.keys()
    assert all(at < one for one, at in seen.items())
    assert len(alerted) == len({clock.service_day(at, rule.zone) for at in alerted})
