"""Sessions, the lock-out and what an address may spend: how long, how often."""

from datetime import datetime, timedelta
from ipaddress import ip_network

from shared.access import CONFIRMED_FOR
from shared.values.backoff import backoff
from shared.values.household import household

SESSION_LIFETIME = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=60)
# So long somebody may look for the telephone with the second factor.
SECOND_WAITS = timedelta(minutes=10)
# So long a password works that somebody was given, to choose another by.
TEMPORARY_FOR = timedelta(days=3)
FREE_ATTEMPTS = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(minutes=30)
FORGET_AFTER = timedelta(hours=24)
SHORTEST_PASSWORD = 10
CONFIRMED_MINUTES = int(CONFIRMED_FOR.total_seconds()) // 60
# As which the app on the telephone lists the code.
ISSUER = "码上评 Mashang"
DEVICE_KNOWN_FOR = timedelta(days=180)
# An address may fail so often, and once more for every LEAK that has passed.
ADDRESS_MOST = 150
LEAK = timedelta(seconds=5)
# Before that its refusals come later and later: who asks pays in waiting, and we pay nothing.
PROMPT = 10
LATER_EACH = timedelta(milliseconds=500)
LATEST = timedelta(seconds=8)


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


def source(remote: str) -> str:
    """What counts as one address; never nothing, which is the line of known devices."""
    return household(remote) or "unknown"


def network(source: str) -> str:
    """About where a source is: its neighbourhood, which is nobody's alone; nothing if unknown."""
    try:
        found = ip_network(source, strict=False)
    except ValueError:
        return ""
    return str(found.supernet(new_prefix=24 if found.version == 4 else 48))


def spent(failures: float, failed_at: datetime, now: datetime) -> float:
    """The failures of an address that still count; clocks differ, but never add any."""
    return max(0.0, failures - max(now - failed_at, timedelta()) / LEAK)


def over(spent: float) -> bool:
    """Whether an address has failed so often that its strangers must wait."""
    return spent > ADDRESS_MOST


def lateness(spent: float) -> timedelta:
    """How late a refusal is told to an address that has spent so much."""
    return min(max(spent - PROMPT, 0.0) * LATER_EACH, LATEST)
