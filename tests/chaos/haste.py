"""Shorter waits, so that minutes hold what takes half an hour; what is waited for stays the same.

MASHANG_CHAOS_HASTE says how many times shorter pauses and leases are; MASHANG_CHAOS_SESSION the
time-outs (seconds) after which PostgreSQL gives up a peer that says nothing.
"""

import os
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from services.notifications import providers
from services.notifications.rules import messages as sms
from services.notifications.store import messages
from services.rewards.rules import numbers, settling
from shared import db, jobs
from shared.bus import inbox, pending, relay
from shared.values.backoff import backoff

LEAST = timedelta(seconds=3)
# What a vendor does not list by then counts as never taken; the sandbox reports at once.
REPORTED = timedelta(seconds=30)


def apply() -> None:
    """In this process."""
    times = float(os.environ.get("MASHANG_CHAOS_HASTE", "1"))
    jobs.MOST_PAUSE = jobs.MOST_PAUSE / times
    if times > 1:
        relay.LEASE_SECONDS = LEAST.total_seconds()
        pending.LEASE = messages.LEASE = 2 * LEAST
        for name in (one.name for one in iter_modules(providers.__path__)):
            adapter = vars(import_module(f"{providers.__name__}.{name}"))
            if "REPORTED" in adapter:
                adapter["REPORTED"] = REPORTED
        # A question that died with its process counts as asked, and the pause after it grows.
        for rules in (settling, numbers, sms):
            vars(rules)["backoff"] = _short
    inbox.EXCUSED_AFTER = inbox.EXCUSED_AFTER / times
    if seconds := os.environ.get("MASHANG_CHAOS_SESSION"):
        for name in ("idle_in_transaction_session_timeout", "tcp_user_timeout"):
            db.SESSION[name] = f"{seconds}s"


def _short(*arguments: Any, **named: Any) -> timedelta:
    return min(backoff(*arguments, **named), 2 * LEAST)
