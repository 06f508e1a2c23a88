"""When whoever has the money duty hears of unpaid rewards before their two days are missed. Pure.

At most once a day, and at no time when nobody should be woken: the page lists all of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.values import clock

EVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Alert:
    """One telling: `due_at` is the first one's, `until_at` to where the list was looked at."""

    alert_id: UUID
    due_at: datetime
    until_at: datetime
    alerted_at: datetime


@dataclass(frozen=True)
class Span:
    """Rewards due after `since` and not after `until` are told of now."""

    since: datetime
    until: datetime


def span(now: datetime, policy: Policy, last: Alert | None) -> Span | None:
    """What is told of now; None where nobody is told anything.

    What was told before comes again after the policy's days; what is new, already the next day.
    """
    if policy.messages.is_quiet(now, policy.zone):
        return None
    until = now + timedelta(hours=policy.reward.alert_hours)
    if last is None:
        return Span(EVER, until)
    today = clock.service_day(now, policy.zone)
    days = (today - clock.service_day(last.alerted_at, policy.zone)).days
    if days < 1:
        return None
    again = days >= policy.reward.alert_again_days
    return Span(EVER if again else last.until_at, until)


def looked_at_until(now: datetime, policy: Policy) -> datetime:
    """Whoever is told reads of all that is unpaid: at least what is due on the same day."""
    tonight = clock.end_of_day(clock.service_day(now, policy.zone), policy.zone)
    return max(tonight, now + timedelta(hours=policy.reward.alert_hours))
