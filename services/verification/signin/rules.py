"""Sessions and the lock-out: how long, how often."""

from datetime import datetime, timedelta

from shared.values.backoff import backoff

SESSION_LIFETIME = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=60)
FREE_ATTEMPTS = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(minutes=30)
FORGET_AFTER = timedelta(hours=24)
SHORTEST_PASSWORD = 10


def lock_for(failures: int) -> timedelta:
    """How long a username is locked after so many failures: 30 s after five, then doubling."""
    if failures < FREE_ATTEMPTS:
        return timedelta()
    return backoff(failures - FREE_ATTEMPTS, FIRST_LOCK, LONGEST_LOCK)


def locked(failures: int, locked_until: datetime, now: datetime) -> bool:
    """Whether the name must wait; clocks differ, so the time alone does not say."""
    return failures >= FREE_ATTEMPTS and now < locked_until


def failures_now(failures: int, failed_at: datetime, now: datetime) -> int:
    """The failures that still count; a day without any forgets them."""
    return failures if now - failed_at < FORGET_AFTER else 0


def usable(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session is neither too old nor left alone for too long."""
    return now < created_at + SESSION_LIFETIME and now < seen_at + SESSION_IDLE
