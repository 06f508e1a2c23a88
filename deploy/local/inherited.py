"""What children take over from the environment of whoever starts the launcher: a list, not all.

A service gets what any program needs, what all services may be told, and the numbers that it alone
reads. Whatever else is exported stays with the caller.
"""

from __future__ import annotations

import os

SYSTEM = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
SYSTEM_PREFIXES = ("LC_", "PYTHON", "SSL_CERT_")
EVERY_SERVICE = (
    "MASHANG_POLICY_FILE",
    "MASHANG_PUBLIC_URL",
    "MASHANG_SIMULATION",
    "MASHANG_POOL_SIZE",
    "MASHANG_INSTANCES",
    "MASHANG_PREFETCH",
    "MASHANG_SENT_DAYS",
    "MASHANG_LEAVE_SECONDS",
    "MASHANG_MOST_CONNECTIONS",
    "MASHANG_OPS_HOST",
    "MASHANG_TRUSTED_PROXIES",
    "MASHANG_TRACES",
    "MASHANG_TRACES_SHARE",
)
NUMBERS = {
    "intake": (
        *("MASHANG_BATCH_", "MASHANG_BATCHES_", "MASHANG_MOST_WAITING", "MASHANG_PATIENCE_"),
        *("MASHANG_OPEN311_", "MASHANG_S3_", "MASHANG_CODES_A_DAY", "MASHANG_UNCOUNTED"),
        *("MASHANG_CODE_KEYS_RETIRED", "MASHANG_DOMAIN_FILES", "MASHANG_WORKERS"),
    ),
    "verification": ("MASHANG_S3_",),
    "rewards": (
        *("MASHANG_CALL_S", "MASHANG_LEASE_S", "MASHANG_RESEND_", "MASHANG_VENDOR_WINDOW_S"),
        *("MASHANG_HELD_PAUSE_S", "MASHANG_MAX_FAILURES", "MASHANG_AIRTIME_RETIRED"),
    ),
    "notifications": ("MASHANG_SMS_",),
}


def for_program() -> dict[str, str]:
    """What any child needs to run at all."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in SYSTEM or name.startswith(SYSTEM_PREFIXES)
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}


def for_service(service: str) -> dict[str, str]:
    """The same, and what the caller set for this service."""
    wanted = NUMBERS.get(service, ())
    named = {
        name: value
        for name, value in os.environ.items()
        if name in EVERY_SERVICE or name.startswith(wanted)
    }
    return for_program() | named
